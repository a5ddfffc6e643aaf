"""What chat frontends speak: OpenAI's chat completions and the AI SDK's message stream."""
