# make help lists what there is

PY := .venv/bin/python
# Values as they were typed: a $ in them is one, and the shell sees one word whatever is in it
override INPUT := $(value INPUT)
override TARGET := $(value TARGET)
override STUDY := $(value STUDY)
quote = '$(subst ','\'',$(1))'
# Where a study is not named, it is called after the recording and the space
AMP := $(if $(TARGET),$(shell basename -- $(call quote,$(TARGET)) | sed 's/\.[^.]*$$//; s/[^A-Za-z0-9._-]/_/g'),demo)
study = $(call quote,$(or $(STUDY),$(AMP)-$(1)))
ARGS ?=
FRONT := $(PY) -m voxnas
option = $(if $(2),--$(1)=$(call quote,$(2)))
# With INPUT and TARGET your own recordings; with neither the demo pair, a time cap on every run
RECORDINGS = $(call option,input,$(INPUT)) $(call option,target,$(TARGET)) $(call option,pair,$(PAIR))
SEARCH = $(RECORDINGS) $(call option,study,$(STUDY)) $(call option,jobs,$(JOBS))
IN_SPACE = $(SEARCH) $(call option,space,$(SPACE))
DATA = $(RECORDINGS) $(if $(strip $(RECORDINGS)),,experiment=quick)

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "%s%s:\n", sep, substr($$0, 5); sep = "\n"} \
	  /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2} END {print ""}' $(MAKEFILE_LIST)
	@printf '%s\n' 'variables:' \
	  '  INPUT=dry.wav TARGET=amp.wav   your recordings; without them a demo pair is made' \
	  '  PAIR=nam_reamp                 the pair is a take of the plug-in trainer'"'"'s standard recording' \
	  '  NOTE=take.wav                  a recorded note that rings out (string-poc)' \
	  '  SETTINGS=table.csv             recordings with knobs: a column file, one for each knob (nas-knobs)' \
	  '  STUDY=name                     folder of the results under logs/nas (default: after TARGET)' \
	  '  JOBS=2                         candidates trained side by side (default: the cores, at most 4)' \
	  '  ARGS="key=value ..."           any Hydra override of configs/train.yaml'

##@ search
# What each runs is in the problems' lists of commands; make nas-poc ARGS=--dry-run shows it.

nas-poc: setup  ## search 12 candidates in two phases: the main job
	@$(FRONT) poc $(SEARCH) $(ARGS)

nas-smoke: setup  ## the smallest whole search: 2 candidates × 2 epochs, about a minute
	@$(FRONT) smoke $(SEARCH) $(ARGS)

nas-focused: setup  ## search 25 candidates
	@$(FRONT) focused $(SEARCH) $(ARGS)

nas-conservative: setup  ## search 84 candidates
	@$(FRONT) conservative $(SEARCH) $(ARGS)

nas-darts: setup  ## differentiable search (SPACE=darts_wavenet or darts_cnn), its result trained and reported
	@$(FRONT) darts $(IN_SPACE) $(ARGS)

nas-optuna: setup  ## let Optuna search a space (SPACE=plugin) for ESR and CPU cost
	@$(FRONT) optuna $(IN_SPACE) $(ARGS)

nas-optuna-smoke: setup  ## the same with 4 candidates × 2 epochs
	@$(FRONT) optuna-smoke $(IN_SPACE) $(ARGS)

nas-ladder: setup  ## search a space (SPACE=plugin) by successive halving: 64 candidates, four rungs
	@$(FRONT) ladder $(IN_SPACE) $(ARGS)

nas-ladder-smoke: setup  ## the same with 4 candidates, of which 2 climb
	@$(FRONT) ladder-smoke $(IN_SPACE) $(ARGS)

# The demo rig's drive, tone and level, or SETTINGS=table.csv with INPUT=dry.wav: a column file, and one for each knob
override SETTINGS := $(value SETTINGS)
nas-knobs nas-knobs-smoke: RECORDINGS = $(if $(SETTINGS),$(call option,settings,$(SETTINGS)) $(call option,input,$(INPUT)))

nas-knobs: setup  ## search models that follow knobs: the demo rig's three, or those of SETTINGS=table.csv
	@$(FRONT) knobs $(IN_SPACE) $(ARGS)

nas-knobs-smoke: setup  ## the same with 4 candidates, of which 2 climb
	@$(FRONT) knobs-smoke $(IN_SPACE) $(ARGS)

# The cost is that in the plug-in's engine; ENGINE=own: in this project's, on this machine
BUDGET = $(call option,preset,$(PRESET)) $(call option,cpu,$(or $(CPU),$(RTF))) $(call option,max-us,$(MAX_US)) \
  $(call option,engine,$(ENGINE))

nas-budget: setup  ## the best model within a CPU cost (PRESET=nano, CPU=0.03 of a core, or MAX_US=40 µs per block)
	@$(FRONT) budget $(IN_SPACE) $(BUDGET) $(ARGS)

nas-budget-smoke: setup  ## the same with 3 candidates, one of which climbs, and two finalists
	@$(FRONT) budget-smoke $(IN_SPACE) $(BUDGET) $(ARGS)

# Strings of the project's own, or a recorded note that rings out (NOTE=take.wav)
override NOTE := $(value NOTE)
string-poc string-smoke: RECORDINGS = $(call option,note,$(NOTE))
string-poc: setup  ## search neural strings that ring and decay as a recorded note does (NOTE=take.wav)
	@$(FRONT) string-poc $(SEARCH) $(ARGS)

string-smoke: setup  ## the same with 2 candidates × 2 epochs, about a minute
	@$(FRONT) string-smoke $(SEARCH) $(ARGS)

nas-spectral nas-spectral-smoke: RECORDINGS =
nas-spectral: setup  ## search networks that tell the demo rig's knobs (ARGS="data=vimh data.folder=…": others)
	@$(FRONT) spectral $(SEARCH) $(ARGS)

nas-spectral-smoke: setup  ## the smallest such search: 2 candidates, one of which climbs
	@$(FRONT) spectral-smoke $(SEARCH) $(ARGS)

##@ single steps
space: setup  ## preview a space without training (SPACE=poc)
	@$(FRONT) space space=$(or $(SPACE),poc) $(DATA) $(ARGS)

train: setup  ## train one model (ARGS="model=standard")
	@$(FRONT) train $(DATA) $(ARGS)

report: setup  ## write the report of STUDY again
	@$(FRONT) report study=$(call study,$(or $(SPACE),poc)) $(ARGS)

inspect: setup  ## look at a pair before training (INPUT, TARGET)
	@$(FRONT) inspect $(call option,input,$(INPUT)) $(call option,target,$(TARGET)) $(ARGS)

##@ spectra: sets of images
SET_OF = $(PY) src/generate_vimh.py if_missing=true sound=$(1) samples=$(or $(SAMPLES),$(2)) $(if $(filter sd%,$(MAKECMDGOALS)),$(ARGS))

sds: setup  ## make the small set, 256 saws (SAMPLES=n for another size, as of all sets)
	@$(call SET_OF,saw,256)

sdl: setup  ## make the large set, 16,384 saws
	@$(call SET_OF,saw,16384)

sdmb: setup  ## make the Moog ladder's basic set
	@$(call SET_OF,moog_basic,256)

sdme: setup  ## make the Moog ladder's set with an envelope
	@$(call SET_OF,moog_envelope,512)

sdmr: setup  ## make the Moog ladder's set near oscillation
	@$(call SET_OF,moog_resonance,384)

sdma: sdmb sdme sdmr  ## make all three Moog sets

sdr: setup  ## make the demo rig's set: its drive, tone and level
	@$(call SET_OF,rig,4096)

sdrl: setup  ## make the demo rig's large set, from which knobs are told best
	@$(call SET_OF,rig,12288)

# FORM=png: a picture for a terminal
SHOW = $(PY) src/show_vimh.py $(if $(FORM),form=$(FORM))
SMALL := data/vimh-32x32x1_8000Hz_1p0s_256dss_simple_2p
LARGE := data/vimh-32x32x1_8000Hz_1p0s_16384dss_simple_2p
ddr: setup  ## look at the set that was made last, and hear it: a page (FORM=png: a picture)
	@$(SHOW) $(ARGS)

dds: sds  ## look at the small set, and hear it
	@$(SHOW) folder=$(SMALL)

ddl: sdl  ## look at the large set, and hear it
	@$(SHOW) folder=$(LARGE)

##@ spectra: training
KNOBS_OF = $(PY) src/train.py problem=spectral data=vimh_$(1) model=$(2) $(3) $(ARGS)

ex: sds  ## an example: a CNN on the small set
	@$(call KNOBS_OF,small,cnn_8k)

etms: sds  ## CNN of 2,000 weights on the small set
	@$(call KNOBS_OF,small,cnn_2k)

etts: sds  ## CNN of 8,000 weights on the small set
	@$(call KNOBS_OF,small,cnn_8k)

etml: sdl  ## CNN of 2,000 weights on the large set
	@$(call KNOBS_OF,large,cnn_2k)

ettl: sdl  ## CNN of 8,000 weights on the large set
	@$(call KNOBS_OF,large,cnn_8k)

etall: etms etts etml ettl  ## these four

evitms: sds  ## ViT of 8,000 weights on the small set
	@$(call KNOBS_OF,small,vit_8k)

evitts: sds  ## ViT of 25,000 weights on the small set
	@$(call KNOBS_OF,small,vit_25k)

evitall: evitms evitts  ## these two

emb: sdmb  ## CNN on the Moog ladder's basic set
	@$(call KNOBS_OF,moog_basic,cnn_8k)

eme: sdme  ## CNN on the Moog ladder's set with an envelope
	@$(call KNOBS_OF,moog_envelope,cnn_8k)

emr: sdmr  ## CNN on the Moog ladder's set near oscillation
	@$(call KNOBS_OF,moog_resonance,cnn_8k)

emall: emb eme emr  ## make the Moog sets, and CNNs on them

emvitb: sdmb  ## ViT on the Moog ladder's basic set
	@$(call KNOBS_OF,moog_basic,vit_25k)

emvite: sdme  ## ViT on the Moog ladder's set with an envelope
	@$(call KNOBS_OF,moog_envelope,vit_25k)

emvitr: sdmr  ## ViT on the Moog ladder's set near oscillation
	@$(call KNOBS_OF,moog_resonance,vit_25k)

emvitgta: emvitb emvite emvitr  ## make the Moog sets, and ViTs on them

er: sdrl  ## tell the demo rig's knobs as well as we can, from its large set
	@$(call KNOBS_OF,rig_large,pooled_16k)

tr: sds  ## train with the defaults: 64,000 weights, the small set
	@$(call KNOBS_OF,small,cnn_64k)

trq: sds  ## the same for one epoch, to see that it runs
	@$(call KNOBS_OF,small,cnn_64k,trainer.max_epochs=1)

trs: sds  ## train on the small set
	@$(call KNOBS_OF,small,cnn_64k)

trl: sdl  ## train on the large set
	@$(call KNOBS_OF,large,cnn_64k)

ae: setup  ## hear what the last network tells: its knobs and the true ones, as WAV pairs
	@$(PY) src/evaluate_audio.py $(ARGS)

##@ diagrams and lists
td: setup  ## draw every network (ARGS="models=[cnn_8k]": some)
	@$(PY) src/show_models.py $(ARGS)

tds: setup  ## every network as text
	@$(PY) src/show_models.py form=text $(ARGS)

tdl: setup  ## list the models' configs
	@$(PY) src/show_models.py form=list models=[model]

lc: setup  ## list all models, data, sounds, experiments and the like
	@$(PY) src/show_models.py form=list

##@ short names
h: help  ## this list

t: test  ## the tests, without the slow ones

ta: test-all  ## all tests

f: setup  ## the checks that go before a commit, on all files
	@.venv/bin/pre-commit run --all-files

c: cl dc  ## delete all that was made: results, sets, caches
	find . -name __pycache__ -not -path './.git/*' -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

dc: clean-data  ## delete the sets that were made, and the demo pair
	rm -rf data/vimh-*

cl: clean-logs  ## delete all results

##@ benchmarks
bench: bench-train bench-engine  ## measure training and streaming speed, start-up and the report on 10,000 records
	@$(PY) benchmarks/startup.py
	@$(PY) benchmarks/report_scale.py

bench-train: setup  ## training speed beside PyTorch, and beside the peer (PEER_PYTHON=python that has it)
	@$(PY) benchmarks/train_speed.py
	@$(PY) benchmarks/train_kernel.py --into logs/bench/train.json
	@$(PY) benchmarks/family_kernel.py --into logs/bench/train.json

bench-quality: setup  ## ESR of the recipe beside the peer's, on a pair (INPUT, TARGET)
	@$(PY) benchmarks/quality.py $(call quote,$(INPUT)) $(call quote,$(TARGET))

bench-engine: setup  ## streaming cost: native code beside PyTorch and beside the CPU's peak
	@$(PY) benchmarks/engine.py

bench-ranking: setup  ## how stable the ranking by measured cost is, and how far parameters and the like are from it
	@$(PY) benchmarks/ranking.py

bench-header: setup  ## streaming cost of exported C++ headers beside the engine, and what compiling takes
	@$(PY) benchmarks/header.py

bench-programs: setup  ## streaming cost of programs of steps, and what a table of their costs predicts
	@$(PY) benchmarks/programs.py
	@$(PY) benchmarks/step_costs.py

# Hours for all of them. PAGES="engine ranking": some; RECORDINGS_IN=folder: where recordings in captions lie
docs-figures: setup  ## write docs/figures again, each page by the command in its caption (PAGES="engine startup": some)
	@$(PY) benchmarks/docs_figures.py $(PAGES) $(call option,recordings,$(RECORDINGS_IN)) $(ARGS)

gallery: setup  ## make the picture and the page of docs/gallery again, by the demo's search
	@$(PY) benchmarks/gallery.py --page docs/figures/demo.md

bench-profile: setup  ## where the time of a phase-1 run goes
	@$(PY) benchmarks/run_profile.py

##@ look and listen
tb: setup  ## review in TensorBoard
	@.venv/bin/tensorboard --logdir logs

serve: setup  ## all studies in a browser, live while a search runs, and TensorBoard (ARGS="port=8090")
	@$(FRONT) serve $(ARGS)

dashboard: setup  ## Optuna's dashboard of STUDY's trials, for a browser of this machine (ARGS="port=8080")
	@./setup.sh dashboard && $(FRONT) dashboard study=$(call study,optuna) $(ARGS)

notebook: setup  ## notebooks: from a recording to the plug-in, review of a study
	@./setup.sh notebook && .venv/bin/python -m jupyterlab notebooks

##@ development
test: setup  ## the tests, without the slow ones
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n auto -q -m "not slow"

test-slow: setup  ## only the slow tests: whole studies, interrupted ones; clusters where they are installed
	@$(PY) -m pytest -q -m slow

test-all: setup  ## all tests, the random ones with new cases
	@./setup.sh slurm ray postgres dashboard && HYPOTHESIS_PROFILE=exploring $(PY) -m pytest -q

# -s: what a sanitizer finds is said on the terminal, and ends the run
SANITIZED := g++ -fsanitize=address,undefined -fno-sanitize-recover=all
test-sanitized: setup  ## the native code's tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@library() { g++ -print-file-name="lib$$1.so"; }; \
	case "$$(library asan 2>/dev/null)" in */*) ;; *) echo "no g++ with sanitizers: nothing is tested"; exit 0;; esac; \
	LD_PRELOAD="$$(library asan) $$(library ubsan)" CXX='$(SANITIZED)' ASAN_OPTIONS=detect_leaks=0 OMP_NUM_THREADS=2 \
	  $(PY) -m pytest -q -s -m "not slow" tests/kernels/test_native_[!b]*.py tests/engine/test_native_*.py

fuzz: setup  ## a minute of broken files: each must play or be refused in one line (SECONDS=60)
	@$(PY) benchmarks/fuzz.py --seconds $(or $(SECONDS),60)

test-pythons: setup  ## the smoke study on the oldest and the newest Python, from uv.lock (where they are installed)
	@$(PY) .ci/pythons.py

test-services:  ## install what the tests of clusters and databases start (Debian or Ubuntu, as root)
	apt-get install -y -q --no-install-recommends slurmctld slurmd slurm-client munge postgresql iproute2

test-browser:  ## install what the tests of report.html and of its engine start (Debian or Ubuntu, as root)
	apt-get install -y -q --no-install-recommends chromium firefox-esr nodejs clang lld wasi-libc \
	  libc++-14-dev-wasm32 libclang-rt-14-dev-wasm32

wasm: setup  ## build the engine of report.html again, after a change of the streams' sources (wants clang, lld)
	@$(PY) -m voxnas.kernels.wasm.build

lint: setup  ## ruff and mypy, also as on Windows
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy && \
	$(PY) -m mypy --platform win32 --cache-dir .mypy_cache/win32

lint-native:  ## the native sources by every compiler that is here, warnings as errors
	@for cxx in g++ clang++; do command -v $$cxx >/dev/null || continue; \
	  $$cxx -std=c++17 -fsyntax-only -march=native -Wall -Wextra -Wno-unknown-pragmas -Werror \
	  src/voxnas/kernels/*.cpp || exit 1; done

audit: setup  ## the pinned packages against known vulnerabilities (a line where nobody can be asked)
	@$(PY) .ci/audit.py

lock: setup  ## write uv.lock again, after a change of pyproject.toml or constraints.txt
	@$(PY) .ci/lock.py

docs-commands: setup  ## write docs/commands.md again, after a change of the configs' comments
	@$(PY) -m voxnas.commands.manual

format: setup  ## put the code in shape
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

##@ set-up
setup:  ## make .venv and install everything (all other targets do so when needed)
	@./setup.sh

clean-logs:  ## delete all results (logs/)
	rm -rf logs

clean-data:  ## delete the demo pair (data/demo)
	rm -rf data/demo

clean-venv:  ## delete the environment (.venv)
	rm -rf .venv

clean-all: clean-logs clean-data clean-venv  ## delete everything that git ignores but your recordings
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis src/*.egg-info
