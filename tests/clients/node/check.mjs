// Asks a running service through each client; prints what each made of it as one JSON object.
// node check.mjs ADDRESS QUESTION
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { DefaultChatTransport, generateText, readUIMessageStream, streamText } from "ai";
import OpenAI from "openai";

const [address, question] = process.argv.slice(2);
const baseURL = `${address}/v1`;
const messages = [{ role: "user", content: question }];
const found = {};

const openai = new OpenAI({ baseURL, apiKey: "none" });
const whole = await openai.chat.completions.create({ model: "sanad", messages });
let streamed = "";
let last = null;
const chunks = await openai.chat.completions.create({ model: "sanad", messages, stream: true });
for await (const chunk of chunks) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  last = chunk.choices[0]?.finish_reason ?? last;
}
const { content, annotations } = whole.choices[0].message;
found.openai = {
  text: content,
  streamed,
  finish: last,
  urls: annotations.map((annotation) => annotation.url_citation.url),
};
found.models = (await openai.models.list()).data.map((model) => model.id);
found.refused = await openai.chat.completions
  .create({ model: "gpt-4", messages })
  .then(() => null, (error) => [error.status, error.code, error.param]);

const provider = createOpenAI({ baseURL, apiKey: "none" }).chat("sanad");
const generated = await generateText({ model: provider, messages });
const streaming = streamText({ model: provider, messages });
let text = "";
for await (const part of streaming.textStream) text += part;
found.aiOpenai = {
  text: generated.text,
  streamed: text,
  finish: await streaming.finishReason,
  urls: (await streaming.sources).map((source) => source.url),
};

const compatible = createOpenAICompatible({ name: "sanad", baseURL, includeUsage: true });
const other = streamText({ model: compatible("sanad"), messages });
text = "";
for await (const part of other.textStream) text += part;
found.aiCompatible = {
  text,
  finish: await other.finishReason,
  usage: (await other.usage).totalTokens,
};

const transport = new DefaultChatTransport({ api: `${baseURL}/chat/ui` });
const stream = await transport.sendMessages({
  trigger: "submit-message",
  chatId: "chat",
  messages: [{ id: "m1", role: "user", parts: [{ type: "text", text: question }] }],
});
let message = null;
for await (const state of readUIMessageStream({ stream })) message = state;
found.ui = {
  role: message.role,
  text: message.parts.filter((part) => part.type === "text").map((part) => part.text).join(""),
  urls: message.parts.filter((part) => part.type === "source-url").map((part) => part.url),
  quotes: message.parts.filter((part) => part.type === "data-citation").map((part) => part.data.quote),
  status: message.metadata.sanad.status,
};

console.log(JSON.stringify(found));
