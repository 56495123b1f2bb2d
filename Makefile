# authchain: `make help` lists what there is.

PREFIX   ?= /usr
DESTDIR  ?=
CARGO    ?= cargo
TARGET   := $(or $(CARGO_TARGET_DIR),target)
RELEASE  := $(TARGET)/release
# Where the module looks for the worker, unless the configuration says: it is compiled in.
LIBEXEC  ?= $(PREFIX)/libexec/authchain
# Where libpam looks for modules, which no PREFIX changes.
PAM_DIR  ?= $(shell sh packaging/pam-dir)
# What the command prints of itself: completions, and the schema of its configuration.
SHARE    := $(RELEASE)/share
# A worker starts for each question: with no libraries to find and link, it starts 0.35 ms sooner, of
# 1.3, and takes 0.4 ms less of the processor. It stays position-independent, and asks NSS for nothing.
STATIC = $(if $(wildcard $(shell $(CC) -print-file-name=libc.a)),-C target-feature=+crt-static)

.PHONY: help build demo test test-hosts check fmt clippy floors doc msrv deny check-so
.PHONY: minimal-versions advisories fuzz-build aarch64 dist bench bench-local bench-directory
.PHONY: bench-storm bench-rules bench-change bench-factors bench-plugin bench-sync
.PHONY: install uninstall man clean build-packages test-packages bench-packages

help:            ## this list
	@grep -hE '^[a-z0-9-]+: .*##' Makefile | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

demo: build-packages ## build the module, then watch people log in through the real libpam (no root needed)
	$(CARGO) build --locked -p pam_authchain
	$(CARGO) run --locked -p authchain-tests --bin demo -- --module $(TARGET)/debug/libpam_authchain.so

test: test-packages ## every test, the real sshd, su, sudo, login and cron included
	@CARGO="$(CARGO)" sh tests/run

test-hosts: test-packages ## the stories of real programs alone, which differ from Debian to Debian (root)
	$(CARGO) build --locked -p pam_authchain -p authchain-worker
	$(CARGO) test --locked -p authchain-tests --test real -- stories:: directory_ changes_at_login changing_programs

# Elsewhere than under /usr the environment names the place; a change of it compiles again.
ifneq ($(LIBEXEC),/usr/libexec/authchain)
build: export AUTHCHAIN_LIBEXEC := $(LIBEXEC)
endif
build: build-packages ## the module, the worker and the command, in target/release
	$(CARGO) build --locked --release -p pam_authchain
	$(CARGO) build --locked --release -p authchain-cli
	$(CARGO) rustc --locked --release -p authchain-worker --bin authchain-worker -- $(STATIC)
	@$(if $(STATIC),,echo "No static C library here (Fedora: glibc-static): the worker is linked dynamically, and starts slower.")
	@mkdir -p $(SHARE)
	@$(RELEASE)/authchain schema > $(SHARE)/authchain.schema.json
	@for shell in bash fish zsh; do $(RELEASE)/authchain completions $$shell > $(SHARE)/$$shell || exit; done

check: test-packages fmt clippy floors doc msrv deny check-so ## formatting, lints, walls, prose, documentation, licences, the module's ELF

fmt:
	$(CARGO) fmt --all --check

clippy: build-packages
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

floors: build-packages
	$(CARGO) test --locked -p authchain-tests --test house

doc: build-packages ## the documentation, in target/doc, the library's as others see it; a warning is an error
	@# A link to what is private leads somewhere here, and is an error in the library's below.
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" \
	  $(CARGO) doc --locked --no-deps --document-private-items --workspace
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --all-features -p authchain

# The oldest Rust that builds this tree. Where it is not installed, clippy's `msrv` is all that is tried.
MSRV := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
MSRV_TOOLCHAIN ?= $(shell rustup toolchain list 2>/dev/null | sed -n 's/^\($(MSRV)[.0-9]*-[^ ]*\).*/\1/p' | head -n 1)
msrv: build-packages ## the oldest Rust that is promised, where it is installed
	@$(if $(MSRV_TOOLCHAIN), \
	  CARGO_TARGET_DIR=$(TARGET)/msrv cargo +$(MSRV_TOOLCHAIN) check --locked --workspace --all-targets, \
	  echo "Not tried: Rust $(MSRV) is not installed (rustup toolchain install $(MSRV)).")

# In a copy, because cargo writes the versions it has chosen into Cargo.lock.
minimal-versions: build-packages ## the oldest versions of what we depend on (nightly, network)
	rm -rf $(TARGET)/minimal-versions && mkdir -p $(TARGET)/minimal-versions/tree
	git archive HEAD | tar -x -C $(TARGET)/minimal-versions/tree
	cd $(TARGET)/minimal-versions/tree && cargo +nightly update -Z direct-minimal-versions
	cd $(TARGET)/minimal-versions/tree && CARGO_TARGET_DIR=../target $(CARGO) check --locked --workspace --all-targets

fuzz-build: ## the fuzz targets (nightly, cargo-fuzz)
	cd fuzz && cargo +nightly fuzz build

aarch64: ## whether it compiles for 64-bit ARM (that target, and a C compiler for it)
	CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
	  $(CARGO) check --locked --workspace --target aarch64-unknown-linux-gnu

advisories: ## known holes in what we depend on (network)
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --log-level error check advisories

deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

check-so: build
	$(CARGO) run --locked -p authchain-tests --bin check-so -- $(RELEASE)/libpam_authchain.so

bench: bench-local bench-change bench-directory bench-storm bench-rules bench-factors bench-plugin bench-sync ## speed beside pam_unix, nslcd and SSSD (root)

bench-local: test-packages build ## local logins beside pam_unix, in one run (instructions need valgrind)
	$(CARGO) bench --locked -p authchain-tests --bench local_login

bench-change: test-packages build ## changes of local passwords beside pam_unix, in one run
	$(CARGO) bench --locked -p authchain-tests --bench local_change

bench-factors: ## the claim of a second factor's code beside the disk write it needs
	$(CARGO) bench --locked -p authchain-tests --bench factor_claim

bench-directory: bench-packages build ## logins at a directory beside nslcd and SSSD, in one run (six minutes, half of them waiting)
	$(CARGO) bench --locked -p authchain-tests --bench directory_login

bench-plugin: test-packages build ## a login through a plugin beside the plugin alone, compiled and in Python
	$(CARGO) bench --locked -p authchain-tests --bench plugin

bench-storm: bench-packages build ## many logins at once, and servers that come back (three minutes)
	AUTHCHAIN_WORKER=$(abspath $(RELEASE))/authchain-worker $(CARGO) bench --locked -p authchain-tests --bench storm

bench-sync: test-packages build ## a directory of 100,000 people, as files for the name service
	$(CARGO) bench --locked -p authchain-tests --bench directory_sync

bench-rules: build-packages ## choosing among 200 rules with 2,000 networks, and reading them
	$(CARGO) bench --locked -p authchain-tests --bench rules

# The date in the pages' footers: the last commit's, which the files of a release's archive have, too.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)
PAGES := $(notdir $(basename $(wildcard man/*.scd)))
# Pages and examples name files below /usr.
MOVED = s|/usr/libexec/authchain|$(LIBEXEC)|g;s|/usr/share/authchain|$(PREFIX)/share/authchain|g;s|/usr/share/doc/authchain|$(DOC)|g

man: build-packages ## the manual pages, from man/*.scd (needs scdoc)
	@command -v scdoc >/dev/null || \
	  { echo "No manual pages: scdoc is missing. \`make install\` does without them."; exit 1; }
	@mkdir -p $(TARGET)/man
	@for page in $(PAGES); do \
	  sed '$(MOVED)' man/$$page.scd | SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) scdoc > $(TARGET)/man/$$page.new && \
	  mv $(TARGET)/man/$$page.new $(TARGET)/man/$$page || exit; done

DOC := $(PREFIX)/share/doc/authchain
BASH_COMPLETION := $(PREFIX)/share/bash-completion/completions/authchain
FISH_COMPLETION := $(PREFIX)/share/fish/vendor_completions.d/authchain.fish
# Debian's zsh looks for what packages bring in a folder of its own.
ZSH_FOLDER      := $(if $(wildcard $(PREFIX)/share/zsh/vendor-completions),vendor-completions,site-functions)
ZSH_COMPLETION  := $(PREFIX)/share/zsh/$(ZSH_FOLDER)/_authchain

# Builds nothing, so that `sudo make install` needs no compiler in root's path.
install: ## what `make build man` made, into $(DESTDIR)$(PREFIX)
	@test -e $(RELEASE)/authchain -a -e $(RELEASE)/libpam_authchain.so -a -e $(SHARE)/zsh || \
	  { echo "Run \`make build man\` first."; exit 1; }
	@grep -qF '"$(LIBEXEC)/authchain-worker"' $(SHARE)/authchain.schema.json || \
	  { echo "The module was built to look for its worker elsewhere than in $(LIBEXEC): give the PREFIX to \`make build man\`, too."; exit 1; }
	install -D -m 0644 $(RELEASE)/libpam_authchain.so $(DESTDIR)$(PAM_DIR)/pam_authchain.so.new
	strip --strip-unneeded $(DESTDIR)$(PAM_DIR)/pam_authchain.so.new
	# Renamed, never overwritten: a program that has the old one mapped must not see it change.
	mv -f $(DESTDIR)$(PAM_DIR)/pam_authchain.so.new $(DESTDIR)$(PAM_DIR)/pam_authchain.so
	install -D -m 0755 -s $(RELEASE)/authchain $(DESTDIR)$(PREFIX)/bin/authchain
	install -D -m 0755 -s $(RELEASE)/authchain-worker $(DESTDIR)$(LIBEXEC)/authchain-worker
	install -D -m 0644 packaging/sysusers.d/authchain.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/authchain.conf
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system packaging/systemd/*
	sed -i 's|/usr/bin/authchain|$(PREFIX)/bin/authchain|' $(DESTDIR)$(PREFIX)/lib/systemd/system/authchain-sync@.service
	install -D -m 0644 $(SHARE)/authchain.schema.json $(DESTDIR)$(PREFIX)/share/authchain/authchain.schema.json
	install -D -m 0644 $(SHARE)/bash $(DESTDIR)$(BASH_COMPLETION)
	install -D -m 0644 $(SHARE)/fish $(DESTDIR)$(FISH_COMPLETION)
	install -D -m 0644 $(SHARE)/zsh $(DESTDIR)$(ZSH_COMPLETION)
	install -d -m 0755 $(DESTDIR)/etc/authchain $(DESTDIR)/var/lib/authchain
	install -D -m 0644 -t $(DESTDIR)$(DOC) README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE docs/*.md
	install -D -m 0644 -t $(DESTDIR)$(DOC)/examples/conf conf/*
	install -D -m 0644 -t $(DESTDIR)$(DOC)/examples/pam.d pam.d/*
	$(if $(filter-out /usr,$(PREFIX)),find $(DESTDIR)$(DOC) -type f -exec sed -i '$(MOVED)' {} +)
	test -e $(DESTDIR)/etc/authchain/authchain.toml || \
	  install -m 0644 $(DESTDIR)$(DOC)/examples/conf/authchain.toml $(DESTDIR)/etc/authchain/authchain.toml
	@for page in $(PAGES); do \
	  if test -s $(TARGET)/man/$$page; then \
	    install -D -m 0644 $(TARGET)/man/$$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page || exit; \
	  else echo "Installed without the manual page $$page: \`make man\` makes it, if scdoc is there."; fi; done

uninstall: ## what install put there, except configuration and accounts
	@# Where a stack names a module which is not there, su and sudo let nobody in (docs/failures.md).
	@! grep -ls '^[^#]*pam_authchain\.so' $(DESTDIR)/etc/pam.d/* || { echo "Take these files' authchain lines out first."; exit 1; }
	rm -f $(DESTDIR)$(PAM_DIR)/pam_authchain.so $(DESTDIR)$(PREFIX)/bin/authchain
	rm -f $(DESTDIR)$(LIBEXEC)/authchain-worker
	rm -rf $(DESTDIR)$(DOC) $(DESTDIR)$(PREFIX)/share/authchain
	rm -f $(DESTDIR)$(BASH_COMPLETION) $(DESTDIR)$(FISH_COMPLETION) $(DESTDIR)$(ZSH_COMPLETION)
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/authchain.conf
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,$(notdir $(wildcard packaging/systemd/*)))
	for page in $(PAGES); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SHIPPED := pam_authchain authchain-worker authchain-cli
DIST    := $(TARGET)/dist
dist:            ## what a release consists of, in target/dist: sources, lists of parts, checksums
	@git diff --quiet HEAD || { echo "There are changes that are not committed."; exit 1; }
	rm -rf $(DIST) && mkdir -p $(DIST)
	git archive --prefix=authchain-$(VERSION)/ HEAD | gzip -n -9 > $(DIST)/authchain-$(VERSION).tar.gz
	for crate in $(SHIPPED); do $(CARGO) tree --locked -p $$crate -e normal,build --prefix none --no-dedupe \
	  --format '{p} | {l} | {r}' | sed 's| ([^)]*$(CURDIR)[^)]*)||' | LC_ALL=C sort -u \
	  > $(DIST)/$$crate-$(VERSION).parts.txt; done
	cd $(DIST) && sha256sum * > SHA256SUMS && cat SHA256SUMS

build-packages:
	@sh packaging/need-packages build

test-packages:
	@sh packaging/need-packages test

bench-packages:
	@sh packaging/need-packages bench

clean:
	$(CARGO) clean
