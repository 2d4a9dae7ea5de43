# apus: `make demo` shows it, `make test` tests it, `make help` lists the rest.

SWIFT  ?= swift
PREFIX ?= /usr/local
# What `make bench` and `make test` are passed on: BENCH="--rounds 50", FILTER=ArchiveTests.
BENCH  ?=
FILTER ?=

HARNESS := Tests/Harness
BUILD   := .build
APUS    := $(BUILD)/apus
LOG     := $(BUILD)/build.log
ROOT     = $(DESTDIR)$(PREFIX)

# Debian packages, by what needs them.
PACKAGES_BUILD := binutils g++ pkg-config libseccomp-dev libssl-dev libbz2-dev \
	liblzma-dev libzstd-dev zlib1g-dev
PACKAGES_RUN   := uidmap slirp4netns
PACKAGES_DEMO  := busybox-static
PACKAGES_TEST  := $(PACKAGES_RUN) $(PACKAGES_DEMO) acl attr buildah bzip2 crun docker-registry fuse-overlayfs groff-base iproute2 \
	libcap2-bin mmdebstrap passt podman procps python3 runc skopeo strace umoci util-linux \
	xz-utils zstd
PACKAGES_BENCH := $(PACKAGES_RUN) $(PACKAGES_DEMO) bubblewrap crun gcc iproute2 mmdebstrap podman procps python3 runc \
	skopeo umoci util-linux

.PHONY: build demo test check lint arrows bench install clean help debug packages-build

build: packages-build ## build the static executable .build/apus (release)
	$(SWIFT) build -c release --product apus
	@strip -o $(APUS) "$$($(SWIFT) build -c release --show-bin-path)/apus"
	@$(HARNESS)/check-static $(APUS)

demo: build ## build, make an image of what Debian ships, and run it as an ordinary user
	@$(HARNESS)/install-packages $(PACKAGES_RUN) $(PACKAGES_DEMO)
	@$(HARNESS)/demo $(APUS)

debug: packages-build
	@mkdir -p $(BUILD)
	@$(HARNESS)/logged $(LOG) $(SWIFT) build --build-tests

test: ## install what the tests need and run all that can run here (FILTER=… narrows)
	@$(HARNESS)/install-packages $(PACKAGES_BUILD) $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory debug
	@$(HARNESS)/run-tests $(FILTER)

check: lint arrows test ## everything that CI runs
	@$(HARNESS)/check-warnings $(LOG)

lint: ## format, forbidden imports, documentation, lengths of files
	@$(HARNESS)/install-packages python3
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@/usr/bin/python3 $(HARNESS)/lint.py

arrows: packages-build ## fail on a dependency between modules that is not on the list
	@$(HARNESS)/install-packages python3
	@/usr/bin/python3 $(HARNESS)/module_arrows_test.py
	@$(SWIFT) package describe --type json | /usr/bin/python3 $(HARNESS)/module_arrows.py

bench: build ## measure against podman, crun, runc, bwrap and a small C engine (BENCH="--help" tells more)
	@$(HARNESS)/install-packages $(PACKAGES_BENCH)
	@/usr/bin/python3 Tests/Bench/bench.py --apus $(APUS) $(BENCH)

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
	rm -rf .build .build-fixtures

packages-build:
	@$(HARNESS)/install-packages $(PACKAGES_BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18
