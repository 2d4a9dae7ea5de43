# apus: `make demo` shows it, `make test` tests it, `make help` lists the rest.

SWIFT  ?= swift
PREFIX ?= /usr/local
# What is passed on: BENCH="--rounds 50", FILTER=ArchiveTests, CONFORMANCE="--only seccomp*", FUZZ="--seconds 5", DIFFERENTIAL="run/*",
# FAULTS='--only "run --rm"', SOAK="--only nginx", BUILDS="copy/*", PROJECTS=nginx, HOSTILE=killed,
# BENCH_COUNTS=--record.
BENCH  ?=
BENCH_COUNTS ?=
CONFORMANCE ?=
FUZZ   ?=
FAULTS ?=
SOAK   ?=
DIFFERENTIAL ?=
BUILDS ?=
PROJECTS ?=
HOSTILE ?=
FILTER ?=
PHASES ?=
SCENES ?=

HARNESS := Tests/Harness
BUILD   := .build
APUS    := $(BUILD)/apus
LOG     := $(BUILD)/build.log
ROOT     = $(DESTDIR)$(PREFIX)

# Debian packages, by what needs them.
PACKAGES_BUILD := binutils g++ pkg-config libarchive-dev libseccomp-dev libssl-dev libbz2-dev \
	liblzma-dev libzstd-dev zlib1g-dev
PACKAGES_RUN   := uidmap slirp4netns
PACKAGES_DEMO  := busybox-static
PACKAGES_TEST  := $(PACKAGES_RUN) $(PACKAGES_DEMO) acl attr bind9-dnsutils bsdutils buildah bzip2 conmon containerd crun dbus-daemon docker-registry fuse-overlayfs groff-base iproute2 \
	golang-github-opencontainers-image-spec-dev libarchive-tools libcap2-bin mmdebstrap nftables openssh-client openssl passt pigz podman procps python3 python3-jsonschema runc skopeo strace umoci util-linux \
	xz-utils zstd
PACKAGES_FAULTS := $(PACKAGES_RUN) $(PACKAGES_DEMO) docker-registry e2fsprogs python3 skopeo strace util-linux
PACKAGES_CONFORMANCE := $(PACKAGES_RUN) crun gcc libc6-dev python3 runc util-linux
PACKAGES_BENCH := $(PACKAGES_RUN) $(PACKAGES_DEMO) aardvark-dns bubblewrap buildah crun docker-registry gcc iproute2 iptables mmdebstrap netavark \
	openssl podman procps python3 runc skopeo umoci util-linux zstd
PACKAGES_COUNTS := $(PACKAGES_RUN) $(PACKAGES_DEMO) gcc libc6-dev libcapstone-dev python3 util-linux

PACKAGES_SOAK  := $(PACKAGES_RUN) $(PACKAGES_DEMO) apache2-utils iproute2 mmdebstrap nftables python3 util-linux
PACKAGES_DIFFERENTIAL := $(PACKAGES_RUN) $(PACKAGES_DEMO) bsdutils docker-registry iproute2 procps python3 util-linux
PACKAGES_BUILDS := $(PACKAGES_RUN) $(PACKAGES_DEMO) python3 util-linux zstd
PACKAGES_PROJECTS := $(PACKAGES_BUILDS) buildah mmdebstrap
PACKAGES_DATABASE := $(PACKAGES_RUN) mmdebstrap python3 util-linux
PACKAGES_VM    := $(PACKAGES_DEMO) debootstrap dpkg e2fsprogs kmod qemu-system-x86

.PHONY: build compatibility compatibility-check demo test test-release test-database test-faults test-soak test-vm check lint arrows bench bench-counts bench-counts-built link-order \
	conformance conformance-own conformance-built differential differential-built builds builds-built test-projects test-hostile fuzz fuzz-built install clean help debug debug-checked packages-build packages-check

# A section for each function, so that the linker can leave out what nobody calls, and puts what a start executes side by
# side (the list is made by Tests/Bench/link_order.py).
SECTIONS := -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections -Xcc -fdata-sections \
	-Xlinker --symbol-ordering-file=$(HARNESS)/link-order.txt -Xlinker --no-warn-symbol-ordering \
	-Xlinker -T -Xlinker $(HARNESS)/release.ld
# Types are found by calling their accessors, and not by reading their mangled names, which looks through all conformances: a
# tenth of what a start computes. Caches of generic types are made when they are needed: reserved ones would scatter over some 800 KB what is touched.
METADATA := -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors \
	-Xswiftc -Xfrontend -Xswiftc -disable-preallocated-instantiation-caches -Xswiftc -Xfrontend -Xswiftc -disable-type-layout

# The release is stripped: to compile what describes it to debuggers would take a tenth of the time.
LEAN := -debug-info-format none
# An index for editors is of no use to the fuzzer; `--build-tests` cannot do without: it looks for tests there.
NO_INDEX := --disable-index-store
# Compiles BoringSSL once for both builds, where nobody is to debug it.
ONCE := env $(if $(filter true,$(CI)),CC=$(abspath $(HARNESS))/cc_once.py)

COMPATIBILITY = /usr/bin/python3 Tests/Compatibility/compatibility.py --apus $(BUILD)/debug/apus

build: packages-build ## build the static executable .build/apus (release)
	@# SwiftPM does not look at what its linker reads.
	@test ! $(HARNESS)/link-order.txt -nt $(APUS) || rm -f $(BUILD)/release/apus
	$(ONCE) $(SWIFT) build -c release --product apus $(LEAN) $(SECTIONS) $(METADATA)
	@strip -o $(APUS) "$$($(SWIFT) build -c release --show-bin-path)/apus"
	@$(HARNESS)/check-static $(APUS)

demo: build ## build, make an image of what Debian ships, and run it as an ordinary user
	@$(HARNESS)/install-packages $(PACKAGES_RUN) $(PACKAGES_DEMO)
	@$(HARNESS)/demo $(APUS)

debug: packages-build
	@mkdir -p $(BUILD)
	@$(HARNESS)/logged $(LOG) $(ONCE) $(SWIFT) build --build-tests

debug-checked: debug
	@$(HARNESS)/check-warnings $(LOG)

test: ## install what the tests need and run all that can run here (FILTER=… narrows)
	@$(HARNESS)/install-packages $(PACKAGES_BUILD) $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory debug
	@$(HARNESS)/run-tests modules $(if $(FILTER),'$(FILTER)')
	@$(HARNESS)/run-tests integration $(if $(FILTER),'$(FILTER)')
	@test "$$(id -u)" != 0 || $(HARNESS)/run-tests ordinary $(if $(FILTER),'$(FILTER)')

test-faults: ## kill and fail every verb at every call that changes something (minutes; FAULTS="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_BUILD) $(PACKAGES_FAULTS)
	$(SWIFT) build --product apus
	@/usr/bin/python3 Tests/Faults/faults.py --apus "$$($(SWIFT) build --show-bin-path)/apus" $(FAULTS)

test-soak: build ## hold the networks to what they promise, for half an hour (as root; SOAK="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_SOAK)
	@/usr/bin/python3 Tests/Soak/soak.py --apus $(APUS) $(SOAK)

test-database: build ## PostgreSQL in volumes: killed, upgraded, shared, exported and imported (minutes; DATABASE="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_DATABASE)
	@/usr/bin/python3 Tests/Database/database.py --apus $(APUS) $(DATABASE)

test-vm: ## prove limits in a virtual machine with systemd and cgroup v2 (as root; its image is cached; SCENES="root reboot")
	@$(HARNESS)/install-packages $(PACKAGES_BUILD) $(PACKAGES_VM)
	$(SWIFT) build --product apus
	@/usr/bin/python3 Tests/VM/test_vm.py $(BUILD)/debug/apus $(SCENES)

check: ## everything that CI runs, phases side by side; a table of their times ends it (PHASES="lint modules" narrows)
	@/usr/bin/python3 $(HARNESS)/check.py $(PHASES)

test-release: build ## the integration tests with the release build, which is optimised otherwise
	@$(HARNESS)/install-packages $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory debug
	@$(HARNESS)/run-tests integration-release $(if $(FILTER),'$(FILTER)')

packages-check:
	@$(HARNESS)/install-packages $(PACKAGES_BUILD) $(PACKAGES_TEST) $(PACKAGES_CONFORMANCE) $(PACKAGES_VM) \
		$(PACKAGES_DIFFERENTIAL) $(PACKAGES_BUILDS) $(PACKAGES_COUNTS)
	@$(HARNESS)/prepare-machine

conformance-own: debug ## hold the debug build alone to the OCI runtime specification (half a minute)
	@$(HARNESS)/install-packages $(PACKAGES_CONFORMANCE)
	@$(MAKE) --no-print-directory conformance-built

conformance-built:
	@/usr/bin/python3 Tests/Conformance/conformance.py --runtime $(BUILD)/debug/apus

differential: debug ## compare outputs, messages and exit codes with the real Docker's (as root; DIFFERENTIAL="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_DIFFERENTIAL)
	@$(MAKE) --no-print-directory differential-built

differential-built:
	@/usr/bin/python3 Tests/Differential/differential.py --apus $(BUILD)/debug/apus $(DIFFERENTIAL)

builds: debug ## compare whole builds with what the real Docker made of them (BUILDS="copy/*" narrows, BUILDS="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_BUILDS)
	@$(MAKE) --no-print-directory builds-built

builds-built:
	@/usr/bin/python3 Tests/Builds/builds.py compare --apus $(BUILD)/debug/apus $(BUILDS)

test-projects: build ## build projects as people have them, again from the cache, and beside buildah (minutes; PROJECTS="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_PROJECTS)
	@/usr/bin/python3 Tests/Builds/projects.py --apus $(APUS) $(PROJECTS)

test-hostile: build ## build what means harm, break builds off, fill the disk (minutes; HOSTILE="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_BUILDS)
	@/usr/bin/python3 Tests/Builds/hostile.py --apus $(APUS) $(HOSTILE)

compatibility: debug ## write Docs/compatibility.md: which of Docker's commands and flags are there
	@$(COMPATIBILITY)

compatibility-check:
	@$(COMPATIBILITY) --check

lint: ## format, forbidden imports, documentation, lengths of files
	@$(HARNESS)/install-packages python3
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@/usr/bin/python3 $(HARNESS)/lint.py

arrows: packages-build ## fail on a dependency between modules that is not on the list; test the harness
	@$(HARNESS)/install-packages python3
	@for tests in $(HARNESS)/*_test.py; do echo "$$tests" && /usr/bin/python3 $$tests || exit 1; done
	@$(SWIFT) package describe --type json | /usr/bin/python3 $(HARNESS)/module_arrows.py

link-order: build ## list the functions and variables of a start, for the linker (as root; minutes)
	@/usr/bin/python3 Tests/Bench/link_order.py $$($(SWIFT) build -c release --show-bin-path)/apus

bench: build ## measure against podman, crun, runc, bwrap and a small C engine (BENCH="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_BENCH)
	@/usr/bin/python3 Tests/Bench/bench.py --apus $(APUS) $(BENCH)

bench-counts: build ## count a start's system calls, page faults and instructions against a table (BENCH_COUNTS="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_COUNTS)
	@$(MAKE) --no-print-directory bench-counts-built

bench-counts-built:
	@/usr/bin/python3 Tests/Bench/counts.py --apus $(APUS) $(BENCH_COUNTS)

conformance: build ## hold ours to the OCI runtime specification, with crun and runc as controls; writes Docs/conformance.md
	@$(HARNESS)/install-packages $(PACKAGES_CONFORMANCE)
	@/usr/bin/python3 Tests/Conformance/conformance.py --runtime $(APUS),/usr/bin/crun,/usr/sbin/runc \
		$(if $(CONFORMANCE),$(CONFORMANCE),--markdown Docs/conformance.md)

fuzz: packages-build ## feed what others write to libFuzzer, a minute for each reader (FUZZ="--seconds 5", FUZZ="--target policy")
	@$(HARNESS)/install-packages python3
	@$(SWIFT) build --product FuzzDriver
	@$(MAKE) --no-print-directory fuzz-built

# With the debug build's own driver as it is, which is not waited for.
fuzz-built:
	APUS_FUZZER=1 $(SWIFT) build --product FuzzDriver $(NO_INDEX) --scratch-path $(BUILD)-fuzz --sanitize=fuzzer -Xswiftc -DLIBFUZZER
	@/usr/bin/python3 Tests/Fuzz/fuzz.py --driver $(BUILD)/debug/FuzzDriver --fuzzer $(BUILD)-fuzz/debug/FuzzDriver $(FUZZ)

install: ## install the executable (after `make build`), manual pages and completions below PREFIX
	@test -x $(APUS) || { echo "$(APUS) is missing: run 'make build' first" >&2; exit 1; }
	install -D -m 755 $(APUS) $(ROOT)/bin/apus
	install -d $(ROOT)/share/man/man1 $(ROOT)/share/bash-completion/completions $(ROOT)/share/zsh/site-functions \
		$(ROOT)/share/fish/vendor_completions.d
	$(APUS) __man $(ROOT)/share/man/man1
	$(APUS) completion bash >$(ROOT)/share/bash-completion/completions/apus
	$(APUS) completion zsh >$(ROOT)/share/zsh/site-functions/_apus
	$(APUS) completion fish >$(ROOT)/share/fish/vendor_completions.d/apus.fish

clean: ## remove everything that was built
	rm -rf .build .build-fuzz .build-fixtures

packages-build:
	@$(HARNESS)/install-packages $(PACKAGES_BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18
