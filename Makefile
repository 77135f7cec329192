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
# Candidates side by side, one per core: together they train more than one after the other on all cores
JOBS ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 1); echo $$((n < 4 ? n : 4)))
LAUNCHER := $(if $(filter-out 1,$(JOBS)),hydra/launcher=joblib hydra.launcher.n_jobs=$(JOBS))
PAIR ?= amp_pair

# With INPUT and TARGET your own recordings; with neither the demo pair, a time cap on every run
ifneq ($(INPUT)$(TARGET),)
  RECORDINGS := data=$(PAIR) $(call quote,data.input=$(INPUT)) $(call quote,data.target=$(TARGET))
endif
EXPERIMENT = $(if $(RECORDINGS),,experiment=quick)
DATA = $(RECORDINGS) $(EXPERIMENT)

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "%s%s:\n", sep, substr($$0, 5); sep = "\n"} \
	  /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2} END {print ""}' $(MAKEFILE_LIST)
	@printf '%s\n' 'variables:' \
	  '  INPUT=dry.wav TARGET=amp.wav   your recordings; without them a demo pair is made' \
	  '  PAIR=nam_reamp                 the pair is a take of the plug-in trainer'"'"'s standard recording' \
	  '  SETTINGS=table.csv             recordings with knobs: a column file, one for each knob (nas-knobs)' \
	  '  STUDY=name                     folder of the results under logs/nas (default: after TARGET)' \
	  '  JOBS=2                         candidates trained side by side (default: the cores, at most 4)' \
	  '  ARGS="key=value ..."           any Hydra override of configs/train.yaml'

##@ search
# One search of a space: rung 1, promotion, rung 2, report. Exit code 1 of a rung says that candidates failed, which
# the report shows: the search goes on, and make fails at the end. Anything else stops it at once.
define search
	@status=0; \
	rung() { $(PY) src/train.py -m "$$@" study=$(call study,$(1)) $(LAUNCHER) $(DATA) $(ARGS) || \
	  { code=$$?; [ $$code -eq 1 ] || exit $$code; status=1; }; }; \
	rung search=phase1 space=$(1) && \
	$(PY) src/promote.py study=$(call study,$(1)) && \
	rung search=phase2 && \
	$(PY) src/report.py study=$(call study,$(1)) && exit $$status
endef

nas-poc: setup  ## search 12 candidates in two phases: the main job
	$(call search,poc)

nas-smoke: EXPERIMENT = experiment=smoke
nas-smoke: setup  ## the smallest whole search: 2 candidates × 2 epochs, about a minute
	$(call search,smoke)

nas-focused: setup  ## search 25 candidates
	$(call search,focused)

nas-conservative: setup  ## search 84 candidates
	$(call search,conservative)

# One search that sweeps over a space by itself, and the report
define study-search
	@status=0; $(PY) src/train.py -m search=$(1) study=$(call study,$(1)) $(LAUNCHER) $(DATA) \
	  $(if $(SPACE),space=$(SPACE),$(2)) $(3) $(ARGS) || { status=$$?; [ $$status -eq 1 ] || exit $$status; }; \
	$(PY) src/report.py study=$(call study,$(1)) && exit $$status
endef

TWO_RUNGS := 'search.rungs=[1,2]'
TWO_FINALISTS := search.finalists=2 'search.final_seeds=[11,12]'

nas-darts: setup  ## differentiable search (SPACE=darts_wavenet or darts_cnn), its result trained and reported
	$(call study-search,darts)

nas-optuna: setup  ## let Optuna search a space (SPACE=plugin) for ESR and CPU cost
	$(call study-search,optuna,space=plugin)

nas-optuna-smoke: EXPERIMENT = experiment=smoke
nas-optuna-smoke: setup  ## the same with 4 candidates × 2 epochs
	$(call study-search,optuna,space=plugin_phone,search.n_trials=4)

nas-ladder: setup  ## search a space (SPACE=plugin) by successive halving: 64 candidates, four rungs
	$(call study-search,ladder,space=plugin)

nas-ladder-smoke: EXPERIMENT = experiment=smoke
nas-ladder-smoke: setup  ## the same with 4 candidates, of which 2 climb
	$(call study-search,ladder,space=plugin_phone,search.candidates=4 $(TWO_RUNGS) search.keep=2)

# The demo rig's drive, tone and level, or SETTINGS=table.csv with INPUT=dry.wav: a column file, and one for each knob.
# An epoch has every setting in it, so that a few are many
override SETTINGS := $(value SETTINGS)
KNOBS = $(if $(SETTINGS),data=amp_knobs $(call quote,data.settings=$(SETTINGS)) \
  $(if $(INPUT),$(call quote,data.input=$(INPUT))),data=demo_knobs)

KNOB_RUNGS := 'search.rungs=[1,2,8,25]'
nas-knobs nas-knobs-smoke: AMP := knobs
nas-knobs: RECORDINGS = $(KNOBS)
nas-knobs: setup  ## search models that follow knobs: the demo rig's three, or those of SETTINGS=table.csv
	$(call study-search,ladder,space=plugin,search.candidates=32 $(KNOB_RUNGS))

nas-knobs-smoke: RECORDINGS = $(KNOBS) experiment=smoke
nas-knobs-smoke: setup  ## the same with 4 candidates, of which 2 climb
	$(call study-search,ladder,space=plugin_phone,search.candidates=4 $(TWO_RUNGS) search.keep=2)

# The cost is that in the plug-in's engine; ENGINE=own: in this project's, on this machine
BUDGET = $(if $(PRESET),search.like=$(PRESET)) $(if $(ENGINE),search.engine=$(ENGINE)) \
  $(if $(CPU)$(RTF),'max_cpu_rtf=$(or $(CPU),$(RTF))') $(if $(MAX_US),'max_us_per_block=$(MAX_US)')

nas-budget: setup  ## the best model within a CPU cost (PRESET=nano, CPU=0.03 of a core, or MAX_US=40 µs per block)
	$(call study-search,budget,,$(BUDGET))

nas-budget-smoke: EXPERIMENT = experiment=smoke
nas-budget-smoke: CPU = $(if $(RTF)$(MAX_US)$(PRESET),,0.02)
nas-budget-smoke: setup  ## the same with 3 candidates, one of which climbs, and two finalists
	$(call study-search,budget,,$(BUDGET) search.candidates=3 $(TWO_RUNGS) search.keep=1 $(TWO_FINALISTS))

##@ single steps
space: setup  ## preview a space without training (SPACE=poc)
	@$(PY) src/space.py space=$(or $(SPACE),poc) $(DATA) $(ARGS)

train: setup  ## train one model (ARGS="model=standard")
	@$(PY) src/train.py $(DATA) $(ARGS)

report: setup  ## write the report of STUDY again
	@$(PY) src/report.py study=$(call study,$(or $(SPACE),poc)) $(ARGS)

inspect: setup  ## look at a pair before training (INPUT, TARGET)
	@$(PY) src/inspect_pair.py $(call quote,input=$(INPUT)) $(call quote,target=$(TARGET)) $(ARGS)

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

##@ spectra: training and searching
KNOBS_OF = $(PY) src/train.py problem=spectral data=vimh_$(1) model=$(2) $(3) $(ARGS)

nas-spectral nas-spectral-smoke: AMP := images
nas-spectral: DATA = problem=spectral data=vimh_rig
nas-spectral: sdr  ## search networks that tell the demo rig's knobs (ARGS="data=vimh data.folder=…": others)
	$(call study-search,ladder,space=images,search.candidates=24 'search.rungs=[2,6,20]')

nas-spectral-smoke: DATA = problem=spectral data=vimh_small
nas-spectral-smoke: sds  ## the smallest such search: 2 candidates, one of which climbs
	$(call study-search,ladder,space=images_smoke,search.candidates=2 $(TWO_RUNGS) search.keep=1)

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
	@$(PY) benchmarks/recurrent_kernel.py --into logs/bench/train.json

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

bench-profile: setup  ## where the time of a phase-1 run goes
	@$(PY) benchmarks/run_profile.py

##@ look and listen
tb: setup  ## review in TensorBoard
	@.venv/bin/tensorboard --logdir logs

serve: setup  ## all studies in a browser, live while a search runs, and TensorBoard (ARGS="port=8090")
	@$(PY) src/serve.py $(ARGS)

dashboard: setup  ## Optuna's dashboard of STUDY's trials, for a browser of this machine (ARGS="port=8080")
	@./setup.sh dashboard && $(PY) src/dashboard.py study=$(call study,optuna) $(ARGS)

notebook: setup  ## review a study in a notebook
	@./setup.sh notebook && .venv/bin/python -m jupyterlab notebooks/review.ipynb

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

test-services:  ## install what the tests of clusters and databases start (Debian or Ubuntu, as root)
	apt-get install -y -q --no-install-recommends slurmctld slurmd slurm-client munge postgresql iproute2

test-browser:  ## install what the tests of report.html and of its engine start (Debian or Ubuntu, as root)
	apt-get install -y -q --no-install-recommends chromium nodejs clang lld wasi-libc libc++-14-dev-wasm32 \
	  libclang-rt-14-dev-wasm32

wasm: setup  ## build the engine of report.html again, after a change of the streams' sources (wants clang, lld)
	@$(PY) -m voxnas.kernels.wasm.build

lint: setup  ## ruff and mypy
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

lint-native:  ## the native sources by every compiler that is here, warnings as errors
	@for cxx in g++ clang++; do command -v $$cxx >/dev/null || continue; \
	  $$cxx -std=c++17 -fsyntax-only -march=native -Wall -Wextra -Wno-unknown-pragmas -Werror \
	  src/voxnas/kernels/*.cpp || exit 1; done

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
