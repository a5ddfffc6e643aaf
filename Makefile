# Two commands set everything up: `make demo` shows it working, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test soak fuzz lint types install clients pictures bench quality rebase stages clean

# The light installation: no torch. Enough to ingest, ask, serve and evaluate.
$(VENV)/.core: pyproject.toml .constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet -c .constraints.txt -e .
	touch $@

# Everything: any sentence-transformers model, tests, linters. torch comes first and pinned, so
# that a CPU build that is at hand is taken and nothing later replaces it.
$(VENV)/.all: $(VENV)/.core
	$(PIP) install --quiet 'torch==2.13.0'
	$(PIP) install --quiet -c .constraints.txt -e '.[models,dev]'
	touch $@

install: $(VENV)/.all

demo: $(VENV)/.core
	@$(BIN)/sanad ingest --collection demo seeds/articles
	@for question in \
		"كم عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟" \
		"متي سيطرت روسيا علي باخموت" \
		"How many drones did Russia say it shot down?" \
		"With which country will Zelensky sign a natural gas deal?" \
		"What is the boiling point of ethanol?"; \
	do printf '\n> %s\n\n' "$$question"; $(BIN)/sanad ask --collection demo "$$question" || exit 1; done
	@printf '\nServe it:        %s\nAsk over HTTP:   %s\nDocumentation:   %s\n' \
		'$(BIN)/sanad serve --collection demo' \
		"curl -s localhost:8765/v1/ask -H 'content-type: application/json' -d '{\"question\": \"متى سيطرت روسيا على باخموت؟\"}'" \
		'http://localhost:8765/docs'

test: $(VENV)/.all
	$(BIN)/python -m pytest -q tests

# The store's promises at sizes for a night; an hour or so.
soak: $(VENV)/.all
	$(BIN)/python -m pytest -q -m soak tests

# Coverage-guided fuzzing of every loader and of the normaliser, one after the other; what they learnt
# and the bytes that broke one are kept in .fuzz. Ten minutes each, or make fuzz SECONDS=60.
FUZZED := html windows-1256 word pdf epub feed json lines csv text
SECONDS ?= 600
fuzz: $(VENV)/.all
	$(PIP) install --quiet -c .constraints.txt -e '.[fuzz]'
	@for target in $(FUZZED); do $(BIN)/python -m tests.fuzz $$target --seconds $(SECONDS) || exit 1; done

# The clients people use, from the registries, in an environment of their own: OpenAI's for Python
# and Node, LangChain, LlamaIndex, Haystack, the AI SDK, MCP. Their own warnings are theirs.
clients:
	test -d $(VENV)-clients || $(PYTHON) -m venv $(VENV)-clients
	$(VENV)-clients/bin/python -m pip --disable-pip-version-check install --quiet -e '.[clients]'
	cd tests/clients/node && npm install --silent --no-audit --no-fund --no-package-lock
	$(VENV)-clients/bin/python -m pytest -q -W default -rs tests/clients

# The figures that must not fall: bars, and a baseline that a later run is compared with question by
# question. After a change that is meant, `make rebase` writes the baselines anew.
QUALITY := tests/quality
quality: $(VENV)/.core
	$(BIN)/sanad ingest --collection facts seeds/articles
	$(BIN)/sanad evaluate seeds/facts.jsonl --collection facts \
		--baseline $(QUALITY)/facts.baseline.json $(REBASE) \
		--bar "ar.hit_at_k>=0.97" --bar "en.hit_at_k>=0.97" \
		--bar "ar.citation_recall>=0.93" --bar "en.citation_recall>=0.88" \
		--bar "ar.abstention_recall>=0.80" --bar "en.abstention_recall>=0.80" \
		--bar "tag:off-topic.abstention_recall>=0.95"
	$(BIN)/sanad ingest --collection slice $(QUALITY)/articles.jsonl
	$(BIN)/sanad evaluate $(QUALITY)/questions.jsonl --collection slice \
		--baseline $(QUALITY)/questions.baseline.json $(REBASE) \
		--bar "hit_at_k>=0.92" --bar "hit_at_1>=0.68" --bar "citation_recall>=0.70" \
		--bar "abstention_recall>=0.50" --bar "quote_exactness>=1"

rebase:
	$(MAKE) quality REBASE=--update-baseline

# What every stage buys, as a Markdown table over the sets below a folder (docs/evaluation.md):
# make stages DATA=path STAGES="--sample 150 --output table.md"
stages: $(VENV)/.core
	$(BIN)/python -m rag.evaluation.baselines $(DATA) $(STAGES)

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.all
	$(BIN)/mypy

# The README's two pictures of the page, taken anew; needs Chromium.
pictures: $(VENV)/.all
	$(BIN)/python -m tests.web.pictures

bench: $(VENV)/.all
	$(BIN)/python -m benchmarks.run $(BENCH)

clean:
	rm -rf $(VENV) $(VENV)-clients tests/clients/node/node_modules build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
