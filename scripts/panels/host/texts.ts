import type { PartName } from "../../../src/engine/spec/experiment.ts";

export const labels = [
  "unlock_failed",
  "end_ride_failed",
  "charged_wrong",
  "refund_status",
  "payment_declined",
  "bike_damaged",
  "lost_item",
  "parking_fine",
  "account_access",
  "membership_change",
] as const;

export const layoutNames = ["standard", "recency", "sandwich", "minimal-system", "question-first"] as const;

export const fixedParts: Readonly<Partial<Record<PartName, string>>> = {
  role: "You sort the messages that customers of a bike-sharing service send to its support desk.",
  instructions:
    "Read the whole message and decide what the customer wants from the desk. People tell stories: they mention rides, bills and broken locks that are already settled. Go by the one thing they need an answer to now.\nWhen two labels seem to fit, take the one that the desk has to act on first.",
  definitions: labels
    .map((label) => `- ${label}: what a customer writes when it is about ${label.replaceAll("_", " ")}.`)
    .join("\n"),
  question: "Which label fits what the customer needs now?",
  quickCheck:
    "Before you answer, check once more what the customer is asking for now, and take the label defined for it.",
  output: `Answer with exactly one of these labels:\n${labels.join(", ")}`,
};

const openings = ["Hi, ", "Hello, ", "", "Good morning! ", "Third time I write: ", "Quick question. "];
const bodies: readonly string[] = [
  "the lock stays shut after I scan the code and the app says unlock timed out",
  "my ride does not end although the bike is back in the dock, the timer still runs",
  "I was charged twice for one trip on Saturday, 9.80 instead of 2.00",
  "you promised a refund ten days ago and nothing has arrived yet",
  "my card is declined every time, the bank says it is fine",
  "the brake of this bike is loose and the saddle turns",
  "I left my blue rucksack in the basket near the museum",
  "why did I get a fine, the bike stood at the rack by the river",
  "the code by text never comes, so I cannot log in",
  "please pause my pass over the winter, I am abroad",
];
const closings = [
  ".",
  ". Can you help?",
  ". My neighbour says it is the cold.",
  ". I would be happy to be wrong.",
  "!",
];

/** A customer's message, by number. */
export function segmentText(index: number): string {
  const label = index % bodies.length;
  const extra =
    index % 7 === 0
      ? ` I also rode on Monday, which was fine, and ${bodies[(label + 3) % bodies.length]}, but that is settled.`
      : "";
  return `${openings[index % openings.length]}${bodies[label]}${closings[index % closings.length]}${extra}`;
}

export function expectedLabel(index: number): string {
  return labels[index % labels.length] ?? labels[0];
}
