// SPDX-License-Identifier: MIT OR Apache-2.0

//! A network of the lab to play in (`make shell`), as `docs/guide` has it: client, director, two
//! real servers with their programs, and a shell from which `host NAME` leads to each. Given a
//! command, it runs that instead of the shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use lab::{Family, Guided, Host, Model, Network};

/// Where `host` is.
const PROGRAMS: &str = "/run/lab";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mode = words.next().unwrap_or_else(|| "dr".to_owned());
    let model: Model = match mode.parse() {
        Ok(model) => model,
        Err(error) => {
            eprintln!("shell: MODE is {error}");
            return ExitCode::from(2);
        }
    };
    let guided = Guided::new(model);
    let network = &guided.network;
    let command: Vec<String> = words.collect();
    let script = Path::new(PROGRAMS).join("host");
    fs::create_dir_all(PROGRAMS).expect("a folder");
    fs::write(&script, host_script(network)).expect("the program `host`");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its mode");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{PROGRAMS}:{path}");
    let Some((program, arguments)) = command.split_first() else {
        println!("{}\n{}", picture(model), welcome(model, network));
        let mut shell = Command::new("bash");
        shell.args(["--norc", "-i"]).env("PS1", "lab$ ").env("PATH", path);
        // How its last command ended is nobody's business outside.
        shell.status().expect("a shell");
        return ExitCode::SUCCESS;
    };
    let status = Command::new(program).args(arguments).env("PATH", path).status();
    let Ok(status) = status else {
        eprintln!("shell: there is no program '{program}'");
        return ExitCode::from(127);
    };
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// `host NAME [COMMAND…]`: a shell on that host, or the command.
fn host_script(network: &Network) -> String {
    let cases: String = network
        .hosts()
        .map(|host| format!("{}) enter='{}' ;;\n", host.name(), host.enter_command()))
        .collect();
    let names: Vec<&str> = network.hosts().map(Host::name).collect();
    format!(
        "#!/bin/bash\nname=${{1-}}\ncase $name in\n{cases}\
         *) echo \"usage: host NAME [COMMAND…]; the hosts are {}\" >&2; exit 2 ;;\nesac\nshift\n\
         [ $# = 0 ] || exec $enter -- \"$@\"\n\
         PS1=\"$name# \" exec $enter -- bash --norc -i\n",
        names.join(", ")
    )
}

fn welcome(model: Model, network: &Network) -> String {
    let port = model.web_port();
    let vip = network.addresses(Family::Ipv4).vip;
    let names: Vec<&str> = network.hosts().map(Host::name).collect();
    format!(
        "hosts: {}. The real servers' web servers run, on port {port}; nobody has the VIP, {vip}, yet.\n\
         \x20 host director                            a shell there; `exit` leaves it\n\
         \x20 host client curl -s -m 2 {vip}    one command there\n\
         Ctrl-D here ends it all, and nothing is left.\n",
        names.join(", ")
    )
}

fn picture(model: Model) -> &'static str {
    match model {
        Model::Nat => NAT,
        Model::Dr => DR,
        Model::Tun => TUN,
    }
}

const NAT: &str = "
  client ---- 198.51.100.0/24 ---- director ---- 10.0.0.0/24 ---- rs1, rs2
  .100        2001:db8:1::/64    .1 198.51.100  2001:db8:10::/64  .11, .12
                                 VIP .10  10.0.0.1
";

const DR: &str = "
  client       director       rs1          rs2
  192.0.2.100  192.0.2.1      192.0.2.11   192.0.2.12     2001:db8:2::100, ::1, ::11, ::12
      |        VIP .10, ::10      |            |
      +------------+--------------+------------+
";

const TUN: &str = "
  client ---------- 198.51.100.0/24 --+
  .100                                |
  director -------- 192.0.2.0/24 --- router --- 10.0.1.0/24 --- rs1 .11
  .1, VIP .10                         |
                                      +-------- 10.0.2.0/24 --- rs2 .12
";
