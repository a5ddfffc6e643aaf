/**
 * The events of a text/event-stream body, as `{ event, data }`. An event that the end of the stream
 * cuts off is not among them.
 */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = "message";
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += done ? "" : value;
      // A CR that ends what has come may be the first half of CR LF.
      const whole = rest.endsWith("\r") && !done ? rest.length - 1 : rest.length;
      const lines = rest.slice(0, whole).split(/\r\n|\n|\r/);
      rest = lines.pop() + rest.slice(whole);
      for (const line of lines) {
        if (line === "") {
          if (data.length) yield { event, data: data.join("\n") };
          event = "message";
          data = [];
          continue;
        }
        const [, field, content] = /^([^:]*)(?:: ?)?([^]*)$/.exec(line);
        if (field === "event") event = content;
        if (field === "data") data.push(content);
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {}); // whoever stops listening ends the work on the other side
  }
}
