// SPDX-License-Identifier: MIT OR Apache-2.0

//! The main job at work: NAT, DR and TUN, set up by `rsctl` and `rs-agent` the
//! way an operator would, and proven by what the packets did (`make demo`); `demo picture FILE` draws a run
//! (`make demo-picture`).

mod direct_routing;
mod nat;
mod picture;
mod stage;
mod tunnel;

use std::path::Path;
use std::process::ExitCode;

use stage::Verdicts;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if let [word, file] = &words[..]
        && word == "picture"
    {
        picture::draw(Path::new(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        return ExitCode::SUCCESS;
    }
    let (major, minor) = lab::kernel();
    println!("Linux {major}.{minor}. Every host below is a network namespace of this kernel.");
    let mut verdicts = Verdicts::default();
    nat::play(&mut verdicts);
    direct_routing::play(&mut verdicts);
    direct_routing::play_without_agent(&mut verdicts);
    tunnel::play(&mut verdicts);
    verdicts.close()
}
