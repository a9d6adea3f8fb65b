# Thin: each target sets up what is missing, then calls CMake's presets or the command.
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: setup build demo install wheel release test asan tsan lint fuzz torture docs coverage clean

PRESET ?= release
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
TORTURE_MINUTES ?= 5

setup:
	@scripts/install-deps.sh

build: setup
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

# The command alone, without what only tests and LibTorch's module need.
demo:
	@scripts/install-deps.sh demo
	cmake --preset command
	cmake --build --preset command
	scripts/demo.sh build/command/bin/gradspace demo

# What `make` has built, below PREFIX; with DESTDIR=FOLDER, in that folder, for who makes a package of it.
install:
	DESTDIR="$(DESTDIR)" cmake --install build/$(PRESET) --prefix "$(PREFIX)"

# The Python module with the library inside, for the Python that is Debian's.
wheel: setup
	/usr/bin/python3 -m pip wheel --no-build-isolation --no-deps -w dist .

# Source archive, Debian packages, wheel, changes and checksums of the last commit, in dist/.
release:
	@scripts/install-deps.sh packages
	scripts/release.sh $(RELEASE_OPTIONS)

test: build
	ctest --preset $(PRESET) -j $$(nproc)

# Address and undefined-behaviour sanitizers over all modules but LibTorch's, of which only the loader is
# tried. Tests labelled slow are left out: cli.regression runs again, some three hundred times, the commands
# that the modules' tests run. So are tests that take half a minute and more there, and whose code shorter tests
# run too: scores of hundreds of photographs, statistics of many random draws.
ASAN_MODULES := core simd image video statistics data matlab challenge model moments gradient train detect photograph decoder quality \
  opinions results report jobs experiment cluster monitor capi torch live cli
ASAN_LEFT_OUT := ThreeHundredDistortedPhotographs|MoreNoiseIsWorseAtAnySize|FallWithTheSeverityOfDistortions|$\
  AutomaticSecondDerivatives|IntervalsCoverTheTruth|FindsNoiseInSecondMoments|CauseNames|LearnedThresholds|$\
  CleanOnesRaiseNoMoreAlarms
asan: setup
	cmake --preset asan
	cmake --build --preset asan --target $(ASAN_MODULES:%=gradspace_%_tests)
	ctest --preset asan -j $$(nproc) -LE slow -E "$(ASAN_LEFT_OUT)" -R "^($$(echo $(ASAN_MODULES) | tr ' ' '|'))\."

# The thread sanitizer over everything that has threads; the other modules' tests run in one thread. Left out
# is what takes a quarter of a minute and more and would show nothing new: trainings whose loops shorter
# tests run too, whole experiments of them, mathematics in one thread, and the tests labelled slow.
TSAN_MODULES := core video statistics data challenge gradient train detect decoder quality jobs experiment cluster monitor capi torch live cli
TSAN_LEFT_OUT := GradConExperiment.Judges|LeavesSimilarDistortions|TakesTheNamesThatMethodsHad|$\
  GradConCommand|LearnsToTellStripes|AutomaticSecondDerivatives|AlignmentTermAligns|$\
  FindsNoiseInSecondMoments|ContinuesAfterAStopToTheSameDecoder|IntervalsCoverTheTruth|ScoresOfAllPairs|$\
  KurtosesOfPhotographs|Sets/RandomShapes|Sets/Functions|TakeAFullHdFrame|AreAsHardOnALargeFrame
tsan: setup
	cmake --preset tsan
	cmake --build --preset tsan --target $(TSAN_MODULES:%=gradspace_%_tests)
	ctest --preset tsan -j $$(nproc) -LE slow -E "$(TSAN_LEFT_OUT)" \
	  -R "^($$(echo $(TSAN_MODULES) | tr ' ' '|'))\."

lint: build
	scripts/lint.sh build/$(PRESET)

fuzz: setup
	cmake --preset fuzz
	cmake --build --preset fuzz
	scripts/fuzz.sh build/fuzz $(FUZZ_SECONDS)

torture: build
	scripts/torture.sh $(TORTURE_MINUTES) --command build/$(PRESET)/bin/gradspace $(TORTURE_OPTIONS)

# Needs Debian's mkdocs, mkdocs-material and doxygen, and says so where they are missing.
docs:
	@scripts/build_docs.py

# Which lines the tests run: a page a file under build/coverage/report, a summary on the terminal.
# Counters of earlier runs are removed first; failing tests do not keep the report back.
coverage:
	@command -v gcovr >/dev/null || { echo "make coverage needs gcovr: apt-get install gcovr" >&2; exit 1; }
	@$(MAKE) --no-print-directory setup
	cmake --preset coverage
	cmake --build --preset coverage
	find build/coverage -name '*.gcda' -delete
	-ctest --preset coverage -j $$(nproc)
	mkdir -p build/coverage/report
	gcovr --root . --filter src/ --filter include/ --object-directory build/coverage -j $$(nproc) \
	  --html-details build/coverage/report/index.html --json-summary build/coverage/report/summary.json \
	  --print-summary build/coverage

clean:
	rm -rf build demo
