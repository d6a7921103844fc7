# SPDX-License-Identifier: MIT OR Apache-2.0
# Process 1 of a machine, until systemd takes its place. $1 is its disk.
set -e
mount -t proc proc /proc
for folder in etc usr/local; do mount --bind "$1/$folder" "/$folder"; done
for folder in run var; do mount -t tmpfs -o mode=755 tmpfs "/$folder"; done
ln -s /run /var/run

# What a container finds there: udev and PrivateDevices= must not meet the kernel's own.
dev=$(mktemp -d /run/dev.XXXXXX)
mount -t tmpfs -o mode=755 tmpfs "$dev"
mkdir "$dev/pts" "$dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$dev/pts"
for node in null zero full random urandom tty; do
	: >"$dev/$node"
	mount --bind "/dev/$node" "$dev/$node"
done
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
mount --move "$dev" /dev
rmdir "$dev"

# A control group of its own, which it takes for the first.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=$(mktemp -d /sys/fs/cgroup/machine.XXXXXX)
echo 0 >"$group/cgroup.procs"
umount /sys/fs/cgroup
exec unshare --cgroup sh -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=lab PATH=/usr/sbin:/usr/bin /usr/lib/systemd/systemd --log-target=journal'
