import { answerInJson } from "./announced.ts";

/** A query found in an answer. */
export interface FoundSql {
  /** The first statement, without its semicolon. */
  readonly query: string;
  /** Statements the answer held; only the first counts. */
  readonly statements: number;
  readonly confidence: number | undefined;
}

const languages = /^(?:sql|sqlite3?|postgres(?:ql)?|plpgsql|mysql|)$/i;

/** What a statement begins with. `with` alone is a word of prose; before a common table expression it is not. */
const beginning =
  /\b(?:select\b|with\s+(?:recursive\s+)?(?:[\w$]+|"[^"]+")\s*(?:\([^)]*\)\s*)?as\s*(?:(?:not\s+)?materialized\s*)?\(|insert\s+(?:or\s+\w+\s+)?into\b|replace\s+into\b|update\s+\S+\s+set\b|delete\s+from\b|(?:create|drop|alter)\s+\w|values\s*\(|explain\b|pragma\s+\w|attach\s+\w)/i;

/** Words that a paragraph of a query may begin with; any other begins prose. */
const goesOn =
  /^\s*(?:[(),]|--|\/\*|(?:select|from|where|group|order|having|limit|offset|union|intersect|except|with|join|left|right|full|inner|outer|cross|natural|on|and|or|window|values|returning|set|as)\b|[\w"]+\s+as\s*\()/i;

/**
 * The query in an answer: inside JSON, in a fenced block, or among prose. Undefined when there is none. What follows the first
 * statement is left out, and counted when it is one.
 */
export function findSql(text: string): FoundSql | undefined {
  const json = answerInJson(text);
  const said = json?.answer ?? text;
  const blocks = fencedQueries(said);
  const source = blocks.length > 0 ? blocks : [withoutProse(said)];
  const statements = source.flatMap((each) => sqlStatements(each ?? "")).filter((each) => beginning.test(each));
  const [first] = statements;
  if (first === undefined) return undefined;
  // An introduction inside a fence is no part of the query.
  const query = first.slice(start(first) ?? 0).trim();
  return { query, statements: statements.length, confidence: json?.confidence };
}

/** Contents of the fenced blocks that hold a query. */
function fencedQueries(text: string): readonly string[] {
  if (!text.includes("```")) return [];
  const found: string[] = [];
  // A block that was cut off has no closing fence.
  for (const [, name = "", content = ""] of text.matchAll(/```([^\n`]*)\n([\s\S]*?)(?:\n?```|$)/g)) {
    if (languages.test(name.trim()) && beginning.test(content)) found.push(content);
  }
  return found;
}

/** From where a query begins to where prose follows it. */
function withoutProse(text: string): string | undefined {
  const at = start(text);
  if (at === undefined) return undefined;
  const [first = "", ...rest] = text.slice(at).split(/\n[ \t]*\n/);
  let query = first;
  for (const paragraph of rest) {
    if (!goesOn.test(paragraph) && depthAfter(query) === 0) break;
    query += `\n\n${paragraph}`;
  }
  return query.replace(/```\s*$/, "");
}

/** Where a query begins: at the beginning of a line if there is such a place, else where it is written in capitals, else anywhere. */
function start(text: string): number | undefined {
  const lined = new RegExp(`^[ \\t>(]*${beginning.source}`, "im").exec(text);
  if (lined !== null) return lined.index + lined[0].search(/[^\s>]/);
  const places = [...text.matchAll(new RegExp(beginning.source, "gi"))];
  return (places.find(([found]) => /^[A-Z]{2}/.test(found)) ?? places[0])?.index;
}

function depthAfter(text: string): number {
  let depth = 0;
  for (const token of tokens(text)) depth = token.depth;
  return depth;
}

/** The statements of a text, without semicolons; empty ones are left out. */
export function sqlStatements(text: string): readonly string[] {
  const found: string[] = [];
  let from = 0;
  for (const token of tokens(text)) {
    if (token.text !== ";") continue;
    found.push(text.slice(from, token.at));
    from = token.at + 1;
  }
  found.push(text.slice(from));
  return found.map((each) => each.trim()).filter((each) => !tokens(each).next().done);
}

/** Whether a query puts its rows in an order: an ORDER BY of its own, not one of a subquery or a window. */
export function ordersRows(query: string): boolean {
  let before = "";
  for (const { text, depth } of tokens(query)) {
    const word = text.toLowerCase();
    if (depth === 0 && word === "by" && before === "order") return true;
    before = depth === 0 ? word : "";
  }
  return false;
}

/** Its first word, in lower case: `select`, `with`, `insert`, … */
export function firstWord(query: string): string {
  for (const { text } of tokens(query)) if (text !== "(") return text.toLowerCase();
  return "";
}

interface Token {
  readonly text: string;
  readonly at: number;
  /** Open parentheses around it. */
  readonly depth: number;
}

const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?|\[[^\]]*\]|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|[\w$]+|\S/g;

/** Words and signs of a query; comments are left out, texts and quoted names are one token. */
function* tokens(text: string): Generator<Token> {
  let depth = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found.startsWith("--") || found.startsWith("/*")) continue;
    if (found === ")") depth = Math.max(0, depth - 1);
    yield { text: found, at: index, depth };
    if (found === "(") depth += 1;
  }
}
