#!/usr/bin/env bash
# A Slurm cluster of this machine alone, to try jobs on: munged, slurmctld and slurmd on loopback, in a folder of its own.
# Usage: local-slurm.sh up FOLDER [CPUS]   starts it; then: export SLURM_CONF=FOLDER/slurm.conf
#        local-slurm.sh down FOLDER        ends it, by the process numbers that it noted in FOLDER
# It needs the Debian packages slurmctld, slurmd, slurm-client and munge, and to be run as root. Exit status 77 where
# Slurm is not installed or can't start.
set -euo pipefail

usage() {
  sed -n '2,7s/^# \?//p' "$0" >&2
  exit 2
}

[ $# -ge 2 ] || usage
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
cpus=${3:-8}
conf=$folder/slurm.conf

cant() {
  echo "local-slurm: $*" >&2
  exit 77
}

# A port that nobody listens on.
free_port() {
  local port
  while port=$((20000 + RANDOM)); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

# Ends the process that a daemon noted, where it is still that daemon.
end() {
  local pid_file=$folder/$1.pid pid
  [ -s "$pid_file" ] || return 0
  pid=$(<"$pid_file")
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$pid_file"
}

down() {
  end slurmd
  end slurmctld
  end munged
}

wait_for() {  # a command that succeeds at some time within half a minute
  for _ in $(seq 150); do
    if "$@" >/dev/null 2>&1; then
      return 0
    fi
    sleep 0.2
  done
  return 1
}

write_conf() {
  mkdir -p "$folder/state" "$folder/spool"
  cat >"$conf" <<EOF
ClusterName=local
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
KillWait=5
MinJobAge=60
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=$(hostname -s) Default=YES MaxTime=INFINITE State=UP
EOF
}

up() {
  local program
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || cant "$program is not installed"
  done
  [ "$(id -u)" = 0 ] || cant "it must be run as root"
  chmod 755 "$folder"
  head -c 1024 /dev/urandom >"$folder/munge.key"
  chmod 600 "$folder/munge.key"
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --seed-file="$folder/munge.seed" --log-file="$folder/munged.log" --num-threads=2 2>>"$folder/munged.err" ||
    cant "munged did not start: $(tail -n 1 "$folder/munged.err")"
  write_conf
  export SLURM_CONF=$conf
  slurmctld -c -f "$conf" 2>>"$folder/slurmctld.err" || { down; cant "slurmctld did not start"; }
  slurmd -f "$conf" 2>>"$folder/slurmd.err" || { down; cant "slurmd did not start"; }
  wait_for sh -c 'sinfo --noheader --format=%T | grep -q idle' || {
    tail -n 3 "$folder"/slurm*.log >&2
    down
    cant "the node did not come up"
  }
  echo "export SLURM_CONF=$conf"
}

case $action in
  up) up ;;
  down) down ;;
  *) usage ;;
esac
