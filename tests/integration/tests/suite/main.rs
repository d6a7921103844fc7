// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every test that needs a kernel with IPVS, in one program: it runs as root
//! inside each kernel of the lab, some parts in the newest only (`make test`).

mod agent;
mod agent_check;
mod agent_families;
mod agent_firewall;
mod agent_killed;
mod agent_matrices;
mod agent_modes;
mod agent_names;
mod agent_probes;
mod agent_recovery;
mod agent_refusals;
mod agent_rights;
mod agent_rules;
mod agent_run;
mod agent_service;
mod agent_systemd;
mod agent_teardown;
mod agent_tunnels;
mod alone;
mod batch;
mod concurrent;
mod daemons;
mod data_path;
mod errors;
mod examples;
mod faults;
mod guide;
mod health;
mod ipvsadm_files;
mod ipvsadm_pair;
mod ipvsadm_rules;
mod ipvsadm_values;
mod ipvsadm_words;
mod keepalived;
mod lab_itself;
mod ldirectord;
mod load;
mod netlink;
mod procfs;
mod rsctl_cli;
mod rsctl_json;
mod rsctl_names;
mod rsctl_odd;
mod rsctl_refusals;
mod rsctl_restore;
mod rsctl_restore_input;
mod rsctl_restore_rivals;
mod rsctl_save;
mod rsctl_views;
mod tables;
mod transports;
mod traps;
