PORT = 6000
WEB_PORT = 6080
VENV = .venv
MINUTES = 10
CLIENTS = 1000
UV = uv==0.13.9
PIP_AUDIT = pip-audit==2.10.1

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE = build/lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock" $(ARGS)

# Of the two parts of the integration tests one may have none that ARGS asks for (pytest's exit 5).
OR_NONE = $(if $(ARGS),|| [ $$? -eq 5 ])

# What the caller's shell says about another Python is not meant for this one. Without bytecode,
# each process that the tests start would compile all that it imports.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
export PIP_USER = 0

.PHONY: help run cluster test lint page unit integration fuzz soak stampede mutations bench services check-infra lock audit clean
.NOTPARALLEL:

help:
	@echo 'make run          serve on port $(PORT), browsers on $(WEB_PORT), with the data in chat.db (make run PORT=7000, ARGS="--host 0.0.0.0")'
	@echo 'make cluster      three nodes behind nginx on port 8000 (browsers: 8080), with their own MariaDB and Redis (ARGS="--nodes 5")'
	@echo 'make test         everything that has to pass: lint, unit, integration'
	@echo 'make lint         ruff, ruff format, mypy, import-linter'
	@echo 'make page         the tests of the page for browsers, where node is there, and its types, where tsc is'
	@echo 'make unit         the tests that need nothing but Python (make unit ARGS="-k rename -x")'
	@echo 'make integration  the tests with real processes and sockets (on MySQL: MYSQLD="/usr/sbin/mysqld --no-defaults")'
	@echo 'make fuzz         look for a frame that costs the server too much (make fuzz MINUTES=10 SEED=7)'
	@echo 'make bench        measure (docs/benchmarks.md; make bench ARGS="p2p groups --runs 3")'
	@echo 'make soak         look for lost messages in a cluster where everything dies (make soak MINUTES=30 SEED=7)'
	@echo 'make stampede     kill a node under all its clients, and see how soon they are back (make stampede CLIENTS=10000)'
	@echo 'make mutations    take the rules of delivery out, one by one: a test must fail of each (ARGS="--rule 10")'
	@echo 'make services     install MariaDB, Redis, nginx and Chromium for the tests, where they are missing'
	@echo 'make check-infra  what lies in infra/, by promtool, systemd-analyze, nginx and Docker Compose (Debian, root)'
	@echo 'make lock         write the lock files for what pyproject.toml asks (newest versions: ARGS=--upgrade)'
	@echo 'make audit        look for known weaknesses in what the lock files name (needs the network)'
	@echo 'make clean        remove the environment and the caches; chat.db and cluster/ stay'

run: $(VENV)/.runtime
	$(BIN)/python -m entrypoints.tcp_server $(PORT) --web-port $(WEB_PORT) $(ARGS)

cluster: $(VENV)/.runtime
	$(BIN)/python -m entrypoints.local_cluster $(ARGS)

test: lint unit integration

lint: $(VENV)/.tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

page:
	@tests/page/run.sh

unit: page $(VENV)/.tests
	$(BIN)/python -m tests.halves $(ARGS)

integration: services $(VENV)/.tests
	$(BIN)/python -m pytest tests/integration -m 'not apart' -n 4 --dist loadfile --no-loadscope-reorder $(ARGS) $(OR_NONE)
	$(BIN)/python -m pytest tests/integration -m apart -n 2 --dist loadfile --no-loadscope-reorder $(ARGS) $(OR_NONE)

bench: $(VENV)/.tests
	$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/.tests
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

soak: $(VENV)/.tests
	$(BIN)/python -m tests.delivery.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

stampede: $(VENV)/.tests
	$(BIN)/python -m tests.delivery.stampede --clients $(CLIENTS) $(ARGS)

mutations: $(VENV)/.tests
	$(BIN)/python -m tests.mutations $(ARGS)

services:
	@infra/install-test-services.sh

# Not a part of `make test`, since it may have to fetch a package of 20 MB.
check-infra:
	@infra/check.sh

# The environment is made anew when the runtime's lock has changed, and then only. The marks lie in
# it, so they go with it; each is put down last, so that an installation cut short is begun again.
$(VENV)/.runtime: requirements.txt
	@sh infra/make-venv.sh $(VENV)
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.tests: requirements-dev.txt $(VENV)/.runtime
	$(PIP) -r requirements-dev.txt
	@touch $@

# One lock for every platform and every Python from 3.11 up: uv writes markers where they differ
# (Python 3.11.2, which Debian 12 has, needs a package that 3.11.3 does not).
lock:
	@sh infra/make-venv.sh build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group dev pyproject.toml -c requirements.txt -o requirements-dev.txt

# It ends with status 0, 1 (there are weaknesses) or 3 (that cannot be found out), which make shows as
# "Error 1" and "Error 3"; build/audit/bin/python infra/audit.py gives them as they are.
audit:
	@sh infra/make-venv.sh build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_AUDIT)
	build/audit/bin/python infra/audit.py $(ARGS)

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
