# make demo   set up, build, and run the main job on the model in Examples/
# make test   set up, build, and run all tests
# make build  only build: .build/release/lathe
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PACKAGES := libprotobuf-c-dev libjson-c-dev libzip-dev libopenblas-serial-dev pkg-config protobuf-c-compiler
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
LATHE := .build/release/lathe
DEMO := Examples/debian-sections

.PHONY: demo test build setup sanitize conformance conformance-cases conformance-table format lint clean

setup:
	@missing=$$(dpkg-query -W -f='$${Status} $${Package}\n' $(PACKAGES) 2>/dev/null | grep -c '^install ok installed' || true); \
	if [ "$$missing" -lt $(words $(PACKAGES)) ]; then \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES); \
	fi
	@command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux" >&2; exit 1; }

build: setup
	swift build -c release --product lathe

test: setup
	bash Tests/Kernels/run.sh
	swift build -c release --product latheruntime
	swift build -c release --build-tests
	swift test -c release --skip-build

demo: build
	@bash $(DEMO)/demo.sh $(LATHE)

# The tests under AddressSanitizer, in a build folder of their own.
sanitize: setup
	swift test -c release --sanitize=address --scratch-path .build/sanitize

# ONNX's own test cases, made by the package onnx from PyPI; the table of results is checked in.
CONFORMANCE := .build/conformance

conformance-cases: build
	@test -x $(CONFORMANCE)/venv/bin/python || { python3 -m venv $(CONFORMANCE)/venv && $(CONFORMANCE)/venv/bin/pip install -q onnx==1.23.2; }
	@test -d $(CONFORMANCE)/cases/node || $(CONFORMANCE)/venv/bin/python Tests/Conformance/make_node_cases.py $(CONFORMANCE)/cases

conformance: conformance-cases
	python3 Tests/Conformance/results_table.py $(LATHE) $(CONFORMANCE)/cases

conformance-table: conformance-cases
	python3 Tests/Conformance/results_table.py $(LATHE) $(CONFORMANCE)/cases --write

format:
	swift format --in-place --recursive Package.swift Sources Passes Tests

lint:
	swift format lint --strict --recursive Package.swift Sources Passes Tests

clean:
	rm -rf .build out
