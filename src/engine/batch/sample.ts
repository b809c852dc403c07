import { type Random, randomInt, seededRandom } from "../../base/random.ts";
import { csvField } from "../report/rows.ts";

/** Columns of a made-up table of support tickets; `label` is the right answer. */
const columns = ["id", "created", "channel", "customer", "language", "history", "text", "label"] as const;

type Row = Readonly<Record<(typeof columns)[number], string>>;

interface Topic {
  readonly label: string;
  readonly openings: readonly string[];
  readonly details: readonly string[];
}

const topics: readonly Topic[] = [
  {
    label: "billing",
    openings: ["I was charged twice", "The invoice is wrong", "My refund has not come", "Why does it cost more now"],
    details: ["on my card ending 4417", "for order {n}", "since the price change", "although I cancelled in {month}"],
  },
  {
    label: "delivery",
    openings: [
      "My parcel is late",
      "The tracking page stands still",
      "It went to the wrong address",
      "Where is my order",
    ],
    details: [
      "order {n}",
      "it should have come on the {day}th",
      "the courier says it was delivered",
      "for ten days now",
    ],
  },
  {
    label: "account",
    openings: [
      "I cannot log in",
      "The reset link does not work",
      "Please change my e-mail address",
      "Delete my account",
    ],
    details: ["on the new phone", "since the update in {month}", "it says error {n}", "and nobody answers"],
  },
  {
    label: "damage",
    openings: ["The screen arrived cracked", "It stopped working", "A part is missing", "The box was open"],
    details: ["after two days", "order {n}", "photos are attached", "and I need it before the {day}th"],
  },
];

const elsewhere: readonly (readonly [language: string, text: string, label: string])[] = [
  ["de", "Die Rechnung über 49,90 € stimmt nicht – bitte prüfen!", "billing"],
  ["fr", "Le colis n’est jamais arrivé… où est-il ?", "delivery"],
  ["es", "¡No puedo entrar en mi cuenta desde ayer!", "account"],
  ["ja", "画面が割れていました。交換してください。", "damage"],
  ["zh", "我的包裹已经晚了十天，请帮忙查询。", "delivery"],
  ["ar", "لا أستطيع تسجيل الدخول إلى حسابي", "account"],
  ["ru", "С меня дважды списали деньги за заказ", "billing"],
  ["hi", "मेरा ऑर्डर टूटा हुआ आया है", "damage"],
];

const months = ["January", "March", "May", "June", "September", "November"];
const channels = ["mail", "chat", "phone", "form"];
const names = ["Ana Ruiz", "Li Wei", "O'Brien, Pat", "Zoë Müller", 'Jürgen "Jo" Groß', "Ngọc Anh", "Smith"];

/**
 * A table like those that people bring: mostly plain rows, and the awkward ones among them that break careless readers
 * (missing and empty fields, quotes, line breaks, long histories, other scripts, emoji, text that looks like markup, numbers or
 * a placeholder). The same seed gives the same bytes.
 */
export function* sampleCsv(rows: number, seed: number | string): Generator<string> {
  const random = seededRandom("sample", seed);
  yield `${columns.join(",")}\r\n`;
  for (let i = 1; i <= rows; i++) {
    const row = rowOf(i, random);
    yield `${columns.map((column) => csvField(row[column])).join(",")}\r\n`;
  }
}

function rowOf(i: number, random: Random): Row {
  const one = <T>(of: readonly T[]): T => of[randomInt(random, of.length)] as T;
  const filled = (text: string) =>
    text
      .replace("{n}", String(10_000 + randomInt(random, 90_000)))
      .replace("{month}", one(months))
      .replace("{day}", String(4 + randomInt(random, 24)));
  const topic = one(topics);
  const sentence = () => `${one(topic.openings)}, ${filled(one(topic.details))}.`;
  const usual: Row = {
    id: `t${i}`,
    created: `2026-${String(1 + randomInt(random, 12)).padStart(2, "0")}-${String(1 + randomInt(random, 28)).padStart(2, "0")}`,
    channel: one(channels),
    customer: one(names),
    language: "en",
    history: "",
    text: random() < 0.3 ? `${sentence()} ${sentence()}` : sentence(),
    label: topic.label,
  };
  const turns = (count: number) =>
    Array.from({ length: count }, (_, turn) => `${turn % 2 === 0 ? "Customer" : "Agent"}: ${sentence()}`).join("\n");
  const odd = random();
  if (odd < 0.1) return { ...usual, history: turns(2 + randomInt(random, 6)) };
  if (odd < 0.12) return { ...usual, history: turns(60 + randomInt(random, 200)) };
  if (odd < 0.16) {
    const [language, text, label] = one(elsewhere);
    return { ...usual, language, text, label };
  }
  if (odd < 0.18) return { ...usual, text: `He said "${sentence()}" and then:\n\n- ${sentence()}\r\n- "", ;\t|` };
  if (odd < 0.195) return { ...usual, text: `${sentence()} 😡👩‍👩‍👧 \u2028 café e\u0301 \u200b` };
  if (odd < 0.205) return { ...usual, text: `<b>${sentence()}</b> {{text}} {"label": "billing"} </ticket>` };
  if (odd < 0.215) return { ...usual, text: `=SUM(A1:A9) 0012 1e5 ${sentence()}` };
  if (odd < 0.23) return { ...usual, channel: "", customer: "", language: "" };
  if (odd < 0.24) return { ...usual, label: "" };
  if (odd < 0.25) return { ...usual, text: "" };
  if (odd < 0.255)
    return { id: "", created: "", channel: "", customer: "", language: "", history: "", text: "", label: "" };
  return usual;
}
