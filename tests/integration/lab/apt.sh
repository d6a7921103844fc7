# shellcheck shell=bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Debian packages of any suite, unpacked without root and without touching the
# system's apt: an apt of our own, with its own lists and an empty list of
# installed packages, that keeps the host's proxies, credentials and mirror.

# host_archives: what the host's own apt knows of Debian's archives. It knows
# nothing before its first update (as in container images); then we update into
# lists of our own.
host_archives() {
	local lists=$cache/apt/host targets
	# shellcheck disable=SC2016 # apt expands these
	local -a ask=(indextargets --format '$(REPO_URI)|$(RELEASE)|$(SOURCESENTRY)'
		'Created-By: Packages' 'Component: main' 'Origin: Debian')
	targets=$(apt-get "${ask[@]}")
	if [ -z "$targets" ]; then
		mkdir -p "$lists/partial"
		apt-get -qq -o Dir::State::lists="$lists" update >/dev/null 2>&1 </dev/null || true
		targets=$(apt-get -o Dir::State::lists="$lists" "${ask[@]}")
	fi
	echo "$targets"
}

# archive_line SUITE: the sources.list line for SUITE on the mirror that the
# host's own apt uses for Debian.
archive_line() {
	local uri release entry field key found=
	while IFS='|' read -r uri release entry; do
		case $release in
		bookworm | trixie | forky | sid | oldoldstable | oldstable | stable | testing | unstable)
			found=1
			break
			;;
		esac
	done < <(host_archives)
	[ "$found" ] || die "this system's apt names no mirror of Debian; add one to /etc/apt/sources.list.d"

	# apt tells the entry as FILE:N: the Nth line of a .list, the Nth stanza of a .sources.
	field=${entry%:*}
	key=$(awk -v n="${entry##*:}" -v file="$field" 'BEGIN { if (file ~ /\.sources$/) RS = "" } NR == n' "$field" |
		sed -nE 's/.*[Ss]igned-[Bb]y *[:=] *(\/[^] ]+).*/\1/p')
	for key in $key /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
		[ -r "$key" ] && break
	done
	[ -r "$key" ] && key=" signed-by=$key" || key=
	echo "deb [arch=amd64$key] $uri $1 main"
}

# unpack SUITE FOLDER PACKAGE…: the packages of SUITE and all they depend on,
# unpacked into FOLDER; their names and versions in FOLDER/.packages.
unpack() {
	local suite=$1 into=$2 apt=$cache/apt/$1 deb
	shift 2
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	: >"$apt/status"
	archive_line "$suite" >"$apt/sources.list"
	# Read first of all: what it sets stands, as the usual places are turned off.
	cat >"$apt/apt.conf" <<-CONF
		#include "/etc/apt/apt.conf.d/";
		$([ ! -r /etc/apt/apt.conf ] || echo '#include "/etc/apt/apt.conf";')
		#clear APT::Update;
		#clear APT::Default-Release;
		#clear DPkg;
		Dir::Etc::parts "/dev/null";
		Dir::Etc::main "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::State "$apt";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		APT::Architecture "amd64";
		APT::Install-Recommends "0";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
	CONF
	own_apt "$apt" "$suite" update
	own_apt "$apt" "$suite" --yes --download-only install "$@"
	mkdir -p "$into"
	for deb in "$apt"/archives/*.deb; do
		dpkg-deb -x "$deb" "$into"
		# shellcheck disable=SC2016 # dpkg-deb expands these
		dpkg-deb --show --showformat '${Package} ${Version}\n' "$deb" >>"$into/.packages"
	done
	rm -rf "$apt"
}

own_apt() {
	local apt=$1 suite=$2
	shift 2
	APT_CONFIG=$apt/apt.conf apt-get -qq "$@" >"$apt/log" 2>&1 </dev/null && return
	# What it said of each archive it could not reach, and then of itself.
	grep -E '^(Err:|E: |W: |  )' "$apt/log" | head -n 12 >&2 || tail -n 3 "$apt/log" >&2
	die "apt-get $* failed, with the archive of Debian $suite: $(sed 's/^deb \[[^]]*\] //' "$apt/sources.list")"
}
