# `make demo` shows Redstart at work, `make test` runs all that CI runs. Both need Rust and fetch the rest: see scripts/setup.
.PHONY: demo demo-cafe demo-hires demo-ginventory test test-data lint bench release setup clean

DATA ?=
GEN ?= ../shared/bench/gen_project.py

# The example project, built and tested; `make demo DATA=folder` reads other data of the same shape.
demo:
	@scripts/demo "$(DATA)"

# The projects in examples/, each in its own folder; DATA as above. ON=postgres builds one on the server of PGHOST, PGUSER, …, ON=emulator on
# a stand-in for a cluster of Redshift.
demo-cafe demo-hires demo-ginventory:
	@scripts/demo_example $(@:demo-%=%) "$(DATA)"

# Nothing is compiled twice: the lints share their check of the dependencies with the lean build's, the tests their build with the demo's.
test: lint
	@scripts/setup --for-tests
	cargo test
	scripts/lean

# The examples on real data, on DuckDB, PostgreSQL and the emulator, with equal rows: DATA has the folders sparkify, cafe, hires and gin.
test-data:
	@scripts/setup --for-tests
	REDSTART_TEST_DATA=$(abspath $(or $(DATA),../shared/data)) cargo test --test it -- --include-ignored --nocapture the_real the_whole

lint: setup
	cargo fmt --all --check
	cargo clippy --all-targets -- -D warnings

# Against dbt-core 1.11 and against the same statements straight through DuckDB; GEN is the generator of the projects.
bench: setup
	cargo build --release
	python3 benches/compare.py --generator $(GEN)

# One file to ship, DuckDB in it: compiling that takes several times as long as all the rest, the first time.
release:
	folder=$$(scripts/setup --static) && DUCKDB_STATIC=1 DUCKDB_LIB_DIR=$$folder DUCKDB_INCLUDE_DIR=$$folder cargo build --release --features bundled

setup:
	@scripts/setup

# What the demo wrote. The cache of libraries and of compiled code stays: scripts/setup says where it is.
clean:
	rm -rf target logs sparkify.duckdb sparkify.duckdb.wal sparkify.duckdb.lock
	rm -rf examples/*/target examples/*/logs examples/*/*.duckdb examples/*/*.duckdb.wal examples/*/*.duckdb.lock
