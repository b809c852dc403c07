import { stem } from "./words.ts";

/** Everyday words that speak of one thing: what a reader of English brings along. One group a line; a word may be in several. */
const groups = `
money cash euro euros credit sum pound pounds dollar dollars cent cents sum amount
charge charged charges overtime tariff rate extra expensive bill billed billing invoice receipt debit debited debited fare cost costs price priced total surcharge overcharged deducted deduct taken
double twice duplicate two
payout transfer transferred refund refunded reimbursement reimburse repaid repay payback repayment owe owed compensation credited returned
promised confirmed agreed approved acknowledged announced
wait waiting awaiting patient weeks arrived received receive arrive pending status
pay paid paying payment pays checkout transaction purchase buy bought
card visa mastercard amex paypal iban wallet debit bank wallet prepaid voucher mandate
supported fails work works declined decline reject rejected refuse refused refuses denied deny bounced blocked invalid unsupported approve approved accepted verify verified
fail failed fails failing failure error wrong fault faulty trouble
click clicked budge let spring jam jammed open opens opened unlock unlocks unlocking unlocked release released releases loose start starts started begin take
red grey lock locked locks locking shut closed stuck holds hold stays bolt
scan scanning scanned qr code sticker tap press
register registered check checkin end ends ended ending finish finished stop stops stopped stopping close complete over
still going forever hours run running runs counting counts timer clock counter meter ongoing active progress continues riding
ride rides trip trips rental journey
return returned returning dock docked docking rack back parked station
flat bang oil squeak rattles rubbing slipping slips missing melted sharp break broke broken damaged damage defective cracked crack bent snapped loose torn slashed burnt vandalised vandalism wobbles buckled dead
brake brakes chain tyre tyres tire wheel wheels saddle seat pedal pedals frame gear gears handlebar spoke spokes fork light lights battery bell basket crank mudguard kickstand grip headset motor
repair repaired fix fixed mechanic workshop service unsafe dangerous hurt
stayed stay hanging hangs tied walked without lose lost left forgot forgotten forget behind dropped missing fell found find handed
bag wallet keys key phone laptop jacket glasses book umbrella scarf helmet camera purse watch gloves rucksack backpack thermos blanket passport teddy badge flute cap parcel items item belongings
ticket tag improper improperly fine fined penalty fee punished warning notice tow towed removal
place placed stand stood standing spot map lawn square entrance street park parked parking zone zones area outside inside allowed permitted forbidden restricted illegal illegally kerb pavement ramp
recognise know knows known deleted delete login log logged signin sign signed password pin account profile user username verification verify identity access enter
code digits sms text token link reset
change changed update updated switch switched new
phone number mobile email mail address name
block blocked suspended locked expired hacked
rid longer anymore ends cancel cancelled cancelling terminate terminated quit end ending stop notice leave
monthly month annual yearly year pass subscription membership plan contract tariff package abonnement member
renew renewed renewal extend extended prolong pause paused freeze hold suspend reactivate
cheaper smaller bigger instead upgrade upgraded downgrade move convert transfer family duo senior student group
bike bicycle bikes cycle cargo ebike`;

const concepts = new Map<string, readonly string[]>();
for (const [i, line] of groups.trim().split("\n").entries()) {
  for (const word of new Set(line.split(" ").map(stem))) concepts.set(word, [...(concepts.get(word) ?? []), `#${i}`]);
}

const none: readonly string[] = [];

/** The concepts a stem belongs to; empty for words the reader has no synonyms of. */
export function conceptsOf(stemmed: string): readonly string[] {
  return concepts.get(stemmed) ?? none;
}
