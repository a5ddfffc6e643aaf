// What was said before a question, as the service takes it: earlier messages, oldest first.

const MOST_TURNS = 20; // as many as the service looks at
const LONGEST = 2000; // characters; of a long answer the beginning is what a follow-up means

/** The conversation after an answer; one that abstains has said nothing to refer to. */
export function continued(turns, answer) {
  const said = [{ role: "user", content: answer.question.slice(0, LONGEST) }];
  if (answer.answer) said.push({ role: "assistant", content: answer.answer.slice(0, LONGEST) });
  return [...turns, ...said].slice(-MOST_TURNS);
}

const isTurn = (turn) => ["user", "assistant"].includes(turn?.role) && typeof turn.content === "string";

/**
 * What this entry of the browser's history remembers: `turns` said before its question, and whether
 * its question already stands `alone`. Nothing where somebody else's link was opened.
 */
export function remembered() {
  const { turns, alone } = history.state ?? {};
  return { turns: Array.isArray(turns) ? turns.filter(isTurn) : [], alone: alone === true };
}
