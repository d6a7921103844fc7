# shellcheck shell=bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Work that is done a few jobs at a time and shown in order.
#
# A job is a name and a function with its arguments. Its folder below $jobs holds `log`,
# what it printed, and once it has ended `status` and `seconds`.

jobs=
job_names=()
job_runner=

# jobs_begin: makes the folder; jobs_end ends what still runs and removes it.
jobs_begin() { jobs=$(mktemp -d); }

jobs_end() {
	if [ -n "$job_runner" ]; then
		# A process group of its own: nothing else can be hit, and `boot` ends its guest.
		kill -TERM -- "-$job_runner" 2>/dev/null && wait "$job_runner" 2>/dev/null
		job_runner=
	fi
	[ -z "$jobs" ] || rm -rf "$jobs"
	jobs=
}

# job NAME FUNCTION [ARGUMENT…]: one more to do.
job() {
	local name=$1
	shift
	mkdir "$jobs/$name"
	: >"$jobs/$name/log"
	printf '%q ' "$@" >"$jobs/$name/command"
	job_names+=("$name")
}

job_run() {
	local folder=$jobs/$1 begun=$SECONDS status
	# The words were quoted by `job`.
	eval "$(<"$folder/command")" >"$folder/log" 2>&1 </dev/null
	status=$?
	echo $((SECONDS - begun)) >"$folder/seconds"
	echo $status >"$folder/status.new"
	mv "$folder/status.new" "$folder/status"
}

# jobs_start WIDTH: does them in order, WIDTH at a time, in the background.
jobs_start() {
	local width=$1
	set -m
	{
		set +m
		for name in "${job_names[@]}"; do
			while [ "$(jobs -rp | wc -l)" -ge "$width" ]; do wait -n; done
			job_run "$name" &
		done
		wait
	} &
	job_runner=$!
	set +m
}

# job_show NAME: prints what the job prints, until it has ended; its exit status.
job_show() {
	local folder=$jobs/$1 shown=0 size ended=
	while :; do
		[ ! -e "$folder/status" ] || ended=1
		size=$(stat -c %s "$folder/log")
		if [ "$size" -gt "$shown" ]; then
			tail -c "+$((shown + 1))" "$folder/log" | head -c "$((size - shown))"
			shown=$size
		fi
		[ -z "$ended" ] || return "$(<"$folder/status")"
		kill -0 "$job_runner" 2>/dev/null || [ -e "$folder/status" ] || return 1
		sleep 0.3
	done
}
