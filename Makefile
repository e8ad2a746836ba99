# omsd. `make help` lists what can be made.

PREFIX ?= /usr
DESTDIR ?=
SWIFT_FLAGS = --explicit-target-dependency-import-check error
RELEASE = -c release --static-swift-stdlib $(SWIFT_FLAGS)
PROGRAMS = omsd omsctl omsim
SOURCES = Package.swift Sources Tests Benchmarks migrations

.PHONY: help setup build test test-model test-python check-requests check-bot test-monitoring test-alerts test-console test-deb python deb demo run bench bench-curve bench-ccxt soak fuzz lint install clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup: ## installs missing Debian packages
	@scripts/setup

build: setup ## release binaries in .build/release, with the Swift standard library linked in
	swift build $(RELEASE)

test: setup ## all tests, and that the release build compiles; each part's summary stands in its last lines
	@scripts/setup postgresql spin gcc
	@scripts/test-suite
	@scripts/test-model
	@scripts/test-python
	@.build/python/bin/python scripts/check-requests
	@scripts/test-monitoring
	swift build $(RELEASE)

test-monitoring: setup ## alerts and board against Debian's Prometheus, which is unpacked into .build/prometheus; with the debug build
	swift build $(SWIFT_FLAGS)
	@scripts/test-monitoring

test-alerts: setup ## what each alert is for, played: it must fire and go out again; three minutes, also a part of soak; with the debug build
	swift build $(SWIFT_FLAGS)
	@scripts/test-alerts

test-console: setup ## the console in Debian's Chromium, which is installed; a part of soak; against the debug build. OMSD_PICTURES=FOLDER keeps pictures
	swift build $(SWIFT_FLAGS)
	@scripts/test-console

test-deb: deb ## installs, upgrades and removes the packages in a folder made by debootstrap, and under a booted systemd; needs root
	@scripts/test-deb

test-model: ## who owns a group of hosts, as a model: every state of it, and that mistakes show; a minute
	@scripts/setup spin gcc
	@scripts/test-model

test-python: setup ## the Python client's checks alone, against the debug build
	swift build $(SWIFT_FLAGS)
	@scripts/test-python

check-requests: ## what omsd sends to Bybit, OKX and XT's futures against what ccxt builds for the same orders, field by field
	@scripts/python-tools && .build/python/bin/python scripts/check-requests

check-bot: setup ## freqtrade, unchanged, through the ccxt adapter against omsim; pip installs it into .build/bot. OMSD_BOT_EXCHANGE=bybit|okx, OMSD_BOT_SECONDS=75
	swift build $(SWIFT_FLAGS)
	@scripts/check-bot

python: setup ## the Python client as wheel and sdist, in .build/python-dist
	@scripts/python-tools
	@rm -rf .build/python-dist
	@.build/python/bin/python -m build --no-isolation --outdir .build/python-dist clients/python

deb: ## Debian packages of omsd and omsim in .build/deb, lintian clean; installs debhelper and lintian
	@scripts/build-deb

demo: build ## a large intent to every venue, lost replies, a kill -9, an audit, and a report in .build/demo-report.html
	@scripts/demo

run: build ## omsd against simulated venues, until Ctrl-C
	@scripts/run

bench: build ## omsd's figures beside what this machine allows; BENCH="--quick --json" is handed on
	@.build/release/benchmarks $(BENCH)

bench-curve: build ## what an order costs as the journal grows and as more orders live: a table, and the chart docs/cost-curve.svg. BENCH="--sizes 0,1000000,10000000"
	@.build/release/benchmarks --curve docs/cost-curve.svg $(BENCH)

bench-ccxt: build ## the same orders through the Python library ccxt and through omsd; pip installs it into .build/ccxt. BENCH="--rounds 9"
	@test -x .build/ccxt/bin/python || python3 -m venv .build/ccxt
	@.build/ccxt/bin/pip install --quiet --disable-pip-version-check --requirement Benchmarks/ccxt/requirements.txt
	@.build/ccxt/bin/python Benchmarks/ccxt/compare.py .build/release $(BENCH)

soak: build ## the long tests; shorter by the variables that scripts/soak names
	@scripts/soak

fuzz: setup ## a minute of libFuzzer for each reader of bytes from outside
	@scripts/fuzz 60

lint: ## formatting, shell syntax, and the systemd units
	swift format lint --strict --recursive $(SOURCES)
	@for script in scripts/* .ci/run; do bash -n $$script || exit 1; done
	@for script in Tests/systemd/*.sh; do sh -n $$script || exit 1; done
	scripts/check-unit

install: ## programs, units and manual into DESTDIR and PREFIX (after make build)
	@for program in $(PROGRAMS); do test -x .build/release/$$program || { echo "make build first" >&2; exit 1; }; done
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/doc/omsd
	install -m 755 $(PROGRAMS:%=.build/release/%) $(DESTDIR)$(PREFIX)/bin
	sed 's|/usr/bin/omsd|$(PREFIX)/bin/omsd|' systemd/omsd.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/omsd.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/omsd.service
	install -m 644 systemd/omsd.socket $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 systemd/omsd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/omsd.conf
	install -m 644 systemd/omsd.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/omsd.conf
	install -m 644 man/omsd.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 man/omsd.json5.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 man/omsctl.1 man/omsim.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 docs/omsd.example.json5 $(DESTDIR)$(PREFIX)/share/doc/omsd

clean: ## removes what was built
	swift package clean
