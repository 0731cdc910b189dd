# make songs      twelve songs of the model that comes with Nabi, in the browser: install, generate
# make run        the whole chain on Bach's chorales: install, preprocess, train, generate
# make check      ruff, mypy, and the tests that need no process, no browser and no TensorFlow (a few minutes)
# make test       ruff, mypy and the whole test suite, on two cores (15 to 25 minutes)
# make lock       resolves requirements.lock again from setup.py
# make parity     compares the fast reader with music21 over FOLDERS
# make fuzz       100,000 damaged files through repair and the fast reader, made from those in FOLDERS
# make seeds      the five tutorials that Nabi grew from, each by its recipe, beside what they state (up to an hour)
# make chaos      kills a training 50 times and looks whether its result is what it would have been
# make box        trains the model that comes with Nabi anew, and compares it (10 minutes)
# make test-flink  both jobs on an Apache Flink cluster, also while its parts are killed (needs Java and Maven; 7 minutes)
# make lock-images  resolves what each image installs again, deploy/locks, to the versions of requirements.lock
# make docs       writes docs/flags.md again from the commands' own parsers, and docs/nabi.ipynb from its cells
# make templates  writes the parameters of the Dataflow templates again from the jobs' flags
# make test-azure  az:// on Azurite (needs npm)
# make test-prism  both jobs on Prism, built from Beam's Go module (needs Go)
# make test-newest  the end-to-end test with the newest TensorFlow and Beam, in an environment of its own

PYTHON ?= python3
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
# TensorFlow 2.17, with which tensorflow-io loads, has no build for Python 3.13: it gets the newest set.
NEWEST = $(filter 3.13,$(VERSION))
LOCK = requirements$(if $(NEWEST),-newest).lock
# What the jobs on this machine need; `make test` and all others complete it.
LOCAL_LOCK = requirements-$(if $(NEWEST),newest,local).lock
BIN := .venv/bin
# pip writes no byte code: the interpreter does, for what is really imported, even in a container whose environment
# forbids it (imports take three times as long without).
unexport PYTHONDONTWRITEBYTECODE
PIP_FLAGS := --quiet --disable-pip-version-check --no-deps --no-compile

.PHONY: songs run check lint test parity fuzz seeds chaos box lock lock-images templates docs test-newest test-flink test-azure test-prism clean

songs: .venv/local
	$(BIN)/nabi play

run: .venv/local
	$(BIN)/python -m pipelines.retrain --recipe chorales --output runs/chorales

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Each worker begins with one half of the tests in their order, so that those of a file share its models, and what one
# has left in the end the other takes.
TWO_WORKERS := --numprocesses=2 --dist=worksteal

check: lint
	$(BIN)/python -m pytest $(TWO_WORKERS) -m "not slow and not browser and not cluster"

test: lint
	$(BIN)/python -m pytest $(TWO_WORKERS)

parity: .venv/installed
	$(BIN)/python -m benchmarks.parity $(FOLDERS)

fuzz: .venv/installed
	$(BIN)/python -m benchmarks.fuzz $(FOLDERS)

seeds: .venv/installed
	$(BIN)/python -m benchmarks.seeds

chaos: .venv/installed
	$(BIN)/python -m pipelines.preprocess --recipe chorales --output runs/chorales-data
	$(BIN)/python -m benchmarks.chaos --data runs/chorales-data

box: .venv/installed
	$(BIN)/python -m benchmarks.box

# The locks are whole, so pip need not resolve; --no-deps also leaves out pyaudio (see pyproject.toml). What an
# interrupted installation, or one of another Python, left is cleared.
.venv/local: requirements-local.lock requirements-newest.lock setup.py
	$(if $(filter 3.11 3.12 3.13,$(VERSION)),,$(error Nabi runs on Python 3.11, 3.12 and 3.13, but $(PYTHON) is \
		$(or $(VERSION),not installed): name one of these, such as `make run PYTHON=python3.12`))
	$(PYTHON) -m venv --clear .venv
	@echo "installing the $$(grep -c '==' $(LOCAL_LOCK)) packages of $(LOCAL_LOCK) for Python $(VERSION) into .venv (1 to 3 minutes)"
	$(if $(NEWEST),@echo "there is no tensorflow-io for Python $(VERSION): hdfs:// cannot be opened")
	$(BIN)/pip install $(PIP_FLAGS) --require-hashes -r $(LOCAL_LOCK)
	$(BIN)/pip install $(PIP_FLAGS) --no-build-isolation --editable .
	touch $@

.venv/installed: .venv/local requirements.lock
	@echo "installing the packages of $(LOCK) that are not in .venv yet (1 to 3 minutes)"
	$(BIN)/pip install $(PIP_FLAGS) --require-hashes -r $(LOCK)
	touch $@

LOCKED := setup.py --extra preprocess --extra train --extra generate --extra remote --extra test \
	--generate-hashes --universal --python-version 3.11 --quiet

UV := .venv-lock/bin/uv
$(UV):
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv==0.13.8

lock: $(UV)
	$(UV) pip compile $(LOCKED) --extra cpu --extra vertex --extra pipeline --extra cloud-test \
		--output-file requirements.lock
	# A part of that lock, whose versions uv takes over. Beam on this machine needs no PyArrow, local files no tensorflow-io.
	cp requirements.lock requirements-local.lock
	$(UV) pip compile setup.py --extra local --generate-hashes --universal --python-version 3.11 --quiet \
		--no-emit-package pyarrow --no-emit-package tensorflow-io --output-file requirements-local.lock
	sed "s/< '3.13'/< '3.14'/" pyproject.toml > .venv-lock/pyproject.toml
	$(UV) --project .venv-lock pip compile $(LOCKED) --extra newest --output-file requirements-newest.lock
	$(MAKE) lock-images

# Images are Linux with Python 3.11, so their locks name no other; versions are those that the tests ran with.
FOR_IMAGES := --constraint requirements.lock --generate-hashes --python-version 3.11 \
	--python-platform x86_64-manylinux_2_28 --quiet

lock-images: $(UV)
	$(UV) pip compile setup.py --extra preprocess $(FOR_IMAGES) --output-file deploy/locks/preprocess.lock
	$(UV) pip compile setup.py --extra train --extra gpu $(FOR_IMAGES) --output-file deploy/locks/train.lock
	$(UV) pip compile setup.py --extra generate --extra cpu $(FOR_IMAGES) --output-file deploy/locks/generate.lock
	$(UV) pip compile setup.py --extra generate --extra gpu $(FOR_IMAGES) --output-file deploy/locks/generate-gpu.lock
	printf 'setuptools\nwheel\n' | $(UV) pip compile - $(FOR_IMAGES) --output-file deploy/locks/build.lock

docs: .venv/installed
	$(BIN)/python -m docs.flags
	$(BIN)/python -m docs.notebook

templates: .venv/installed
	$(BIN)/python -m tests.deploy.test_templates

test-newest: .venv-newest/installed
	.venv-newest/bin/python -m pytest tests/test_end_to_end.py

.venv-newest/installed: requirements-newest.lock
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/pip install $(PIP_FLAGS) --require-hashes -r requirements-newest.lock
	touch $@

test-flink: .venv/installed .engines/flink/installed
	$(BIN)/python -m pytest -m cluster tests/engines/test_flink.py

.engines/flink/installed: deploy/flink/pom.xml
	rm -rf $(@D)
	mvn --quiet --batch-mode -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)/jars
	touch $@

test-azure: .venv/installed .engines/azurite/installed
	$(BIN)/python -m pytest -m cluster tests/cloud/test_fsspec_files.py

.engines/azurite/installed:
	npm install --silent --no-save --prefix $(@D) azurite@3.35.0
	touch $@

test-prism: .venv/installed .engines/prism/prism
	$(BIN)/python -m pytest -m cluster tests/engines/test_prism.py

# go.sum has the hashes, so nothing is asked whether they are right.
.engines/prism/prism: deploy/prism/go.mod deploy/prism/go.sum
	cd deploy/prism && go build -p 1 -mod=readonly -o $(CURDIR)/$@ github.com/apache/beam/sdks/v2/go/cmd/prism

clean:
	rm -rf .venv .venv-lock .venv-newest .engines runs
