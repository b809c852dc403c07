/** Messages to a shop, written for this example. */
export const exampleRows = `text,label
My parcel was due on Monday and it is Thursday now.,delivery
The kettle leaks from the bottom since I unpacked it.,damage
I cancelled last week and you still took the money.,refund
I cannot sign in since the update.,account
Where is my order? The tracking page has not moved for days.,delivery
I ordered the blue jacket and got a green one.,damage
The refund is ten euros short.,refund
Please delete my profile and everything you know about me.,account
"The driver says he rang, but I was at home all day.",delivery
The screen has a long scratch right across it.,damage
How long until I see the money for the chair I returned?,refund
The link to reset my password has expired.,account
Can you tell me when the sofa will arrive?,delivery
"There are no screws in the box, so I cannot build the shelf.",damage
You charged my card twice for one order.,refund
How do I change the name on my account?,account
The parcel went to my old neighbour three streets away.,delivery
The mirror came in pieces.,damage
"I want my money back, the tent is not as described.",refund
"I get somebody else's newsletters, my mail address must be wrong.",account
"It says delivered, yet there is nothing at my door.",delivery
One leg of the table is shorter than the others.,damage
"The voucher was not taken off the total, please pay back the difference.",refund
My account says I am locked out after three attempts.,account
Will the lamp be here before the weekend?,delivery
The blender makes a grinding noise and smells of smoke.,damage
"I returned two of three items, but all I got back was the price of one.",refund
Can I use one login for two shops?,account
My order seems to have got lost on the way.,delivery
You sent size 38 instead of 41.,damage
Please pay the amount to my new bank account.,refund
I want to change the phone number you have for me.,account
The courier keeps moving the date of arrival.,delivery
The box was wet and the books inside are ruined.,damage
Is there a fee when I send something back for my money?,refund
Somebody else has ordered with my login.,account
"Half of the order came, the other parcel is still on its way somewhere.",delivery
The radio was delivered on time but does not switch on.,damage
"The parcel never came, so I would like to be paid back.",refund
Where can I see my past orders?,account
`;
