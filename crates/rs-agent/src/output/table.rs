// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows what `check` and `status` tell as lines of columns: for people, and as comma-separated
//! values.

use std::io;

use clap::ValueEnum;
use lvs_check::Finding;
use lvs_term::{Cell, Look, Row, Tone, write_csv_line, write_rows};

use super::status::{
    CarrierStatus, DeviceStatus, GatewayStatus, Owner, PortStatus, StatusReport, SysctlStatus,
    VipStatus,
};
use crate::check::report::CheckReport;
use crate::cli::{CheckColumn, Form, Shown, StatusColumn};
use crate::drift::Difference;

/// A table holds a report as lines, for the forms wide and csv.
#[derive(Debug)]
pub struct Table {
    /// The names of the columns; `None`: they are left out.
    header: Option<Vec<String>>,
    lines: Vec<Vec<Cell>>,
}

impl Table {
    /// Returns what a check found, a line for each finding.
    #[must_use]
    pub fn of_check(report: &CheckReport, form: &Form<CheckColumn>) -> Self {
        Self::new(&report.found.findings, form, &CheckColumn::WIDE, of_finding)
    }

    /// Returns what is set up, a line for each VIP, device, port, setting, gateway and drift.
    #[must_use]
    pub fn of_status(report: &StatusReport, form: &Form<StatusColumn>) -> Self {
        Self::new(&items(report), form, &StatusColumn::WIDE, Item::cell)
    }

    fn new<C: ValueEnum + Copy + Send + Sync, T>(
        all: &[T],
        form: &Form<C>,
        wide: &[C],
        cell: impl Fn(&T, C) -> Cell,
    ) -> Self {
        let columns = match (form.columns.as_slice(), form.shown()) {
            ([], Shown::Csv) => C::value_variants(),
            ([], _) => wide,
            (picked, _) => picked,
        };
        let values = columns.iter().filter_map(ValueEnum::to_possible_value);
        let names = values.map(|value| value.get_name().to_owned()).collect();
        let line = |it: &T| columns.iter().map(|column| cell(it, *column)).collect();
        Self { header: (!form.no_header).then_some(names), lines: all.iter().map(line).collect() }
    }

    /// Returns it for programs.
    pub(super) fn csv(&self) -> io::Result<String> {
        let mut out = Vec::new();
        if let Some(names) = &self.header {
            write_csv_line(names.iter().map(Cell::text), &mut out)?;
        }
        for line in &self.lines {
            write_csv_line(line.iter().cloned(), &mut out)?;
        }
        text(out)
    }

    /// Returns it for people.
    pub(super) fn wide(&self) -> io::Result<String> {
        let header = self.header.iter().map(|names| Row::new(Tone::Title, names.iter().cloned()));
        let wide = |line: &Vec<Cell>| Row::new(Tone::Plain, line.iter().map(|it| it.wide(true)));
        let rows: Vec<Row> = header.chain(self.lines.iter().map(wide)).collect();
        let is_left = |place: usize| {
            !self.lines.iter().any(|it| matches!(it.get(place), Some(Cell::Number(_))))
        };
        let mut out = Vec::new();
        write_rows(&rows, is_left, Look::default(), &mut out)?;
        text(out)
    }
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn of_finding(finding: &Finding, column: CheckColumn) -> Cell {
    let all = |texts: Vec<&str>| Cell::text(texts.join("; "));
    match column {
        CheckColumn::Rule => Cell::text(finding.rule.id),
        CheckColumn::Severity => Cell::text(finding.severity),
        CheckColumn::Message => Cell::text(&finding.message),
        CheckColumn::Read => all(finding.read.iter().map(String::as_str).collect()),
        CheckColumn::Why => Cell::text(finding.rule.why),
        CheckColumn::Remedy => all(finding.remedy.iter().map(|it| it.text()).collect()),
    }
}

/// What has a line in `status`.
struct Item<'a> {
    kind: &'static str,
    name: String,
    detail: Option<String>,
    state: &'static str,
    owner: Option<Owner>,
    /// Only a VIP has one.
    device: Option<&'a str>,
    sysctl: Option<&'a SysctlStatus>,
    remedy: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn new(kind: &'static str, name: impl ToString, state: &'static str, owner: Owner) -> Self {
        let (name, owner) = (name.to_string(), Some(owner));
        let (detail, device, sysctl, remedy) = (None, None, None, None);
        Self { kind, name, detail, state, owner, device, sysctl, remedy }
    }

    fn of_vip(vip: &'a VipStatus) -> Self {
        Self {
            detail: vip.scope.as_ref().map(|scope| format!("scope {scope}")),
            device: Some(&vip.device),
            ..Self::new("vip", vip.vip, presence(vip.local), vip.owner)
        }
    }

    fn of_sysctl(sysctl: &'a SysctlStatus) -> Self {
        let state = presence(sysctl.current.is_some());
        Self { sysctl: Some(sysctl), ..Self::new("sysctl", &sysctl.key, state, sysctl.owner) }
    }

    fn of_drift(drift: &'a Difference) -> Self {
        Self {
            kind: "drift",
            name: drift.what.clone(),
            detail: Some(drift.means.to_owned()),
            state: if drift.harmful { "harmful" } else { "harmless" },
            owner: None,
            device: None,
            sysctl: None,
            remedy: Some(&drift.remedy),
        }
    }

    fn cell(&self, column: StatusColumn) -> Cell {
        fn of(text: Option<impl ToString>) -> Cell {
            text.map_or(Cell::Nothing, Cell::text)
        }
        let value = |value: fn(&SysctlStatus) -> Option<i32>| match self.sysctl.and_then(value) {
            // None of them is below 0.
            Some(number) => u64::try_from(number).map_or(Cell::text(number), Cell::Number),
            None => Cell::Nothing,
        };
        match column {
            StatusColumn::Kind => Cell::text(self.kind),
            StatusColumn::Name => Cell::text(&self.name),
            StatusColumn::Device => of(self.device),
            StatusColumn::Detail => of(self.detail.as_ref()),
            StatusColumn::State => Cell::text(self.state),
            StatusColumn::Owner => of(self.owner.map(Owner::word)),
            StatusColumn::Current => value(|it| it.current),
            StatusColumn::Ours => value(|it| Some(it.ours)),
            StatusColumn::Previous => value(|it| it.previous),
            StatusColumn::Remedy => of(self.remedy),
        }
    }
}

fn presence(is_there: bool) -> &'static str {
    if is_there { "present" } else { "missing" }
}

/// All of it in the order of the text.
fn items(report: &StatusReport) -> Vec<Item<'_>> {
    let state = |present, up| match (present, up) {
        (true, true) => "up",
        (true, false) => "down",
        (false, _) => "missing",
    };
    let mut all: Vec<Item<'_>> = report.vips.iter().map(Item::of_vip).collect();
    all.extend(report.carrier.iter().map(|it| {
        let CarrierStatus { name, present, up, owner } = it;
        let detail = Some("dummy".to_owned());
        Item { detail, ..Item::new("device", name, state(*present, *up), *owner) }
    }));
    all.extend(report.ports.iter().map(|PortStatus { at, present, owner }| {
        let detail = Some(at.family.to_string());
        let name = format!("udp/{}", at.port);
        Item { detail, ..Item::new("port", name, presence(*present), *owner) }
    }));
    all.extend(report.devices.iter().map(|DeviceStatus { tunnel, present, up, owner, .. }| {
        let detail = Some(tunnel.to_string());
        Item { detail, ..Item::new("device", &tunnel.name, state(*present, *up), *owner) }
    }));
    all.extend(report.sysctls.iter().map(Item::of_sysctl));
    all.extend(report.gateways.iter().map(|GatewayStatus { gateway, owner }| {
        Item::new("gateway", gateway, presence(*owner != Owner::Nobody), *owner)
    }));
    all.extend(report.differences.iter().map(Item::of_drift));
    all
}

#[cfg(test)]
mod tests {
    use lvs_check::{Phase, Severity};
    use lvs_host::{SysctlKey, Tunnel, TunnelKind};
    use lvs_term::is_harmful;

    use super::*;
    use crate::check::catalogue;
    use crate::mode::Mode;

    fn form<C: ValueEnum + Send + Sync>(output: Shown, no_header: bool) -> Form<C> {
        Form { output: Some(output), columns: Vec::new(), no_header, json: false }
    }

    fn checked(message: &str) -> CheckReport {
        let finding = Finding::new(&catalogue::RS_SRV_01, Severity::Error, message)
            .read(["a, b".to_owned(), "c".to_owned()])
            .command(Phase::Rest, "do \"this\"");
        let found = lvs_check::Report::new(vec![finding], Vec::new(), Vec::new());
        CheckReport { mode: Mode::Dr, vips: Vec::new(), found }
    }

    #[test]
    fn a_finding_is_a_line() {
        let report = checked("nothing listens");
        let table = |form: &Form<CheckColumn>| Table::of_check(&report, form);
        let why = Cell::text(report.found.findings[0].rule.why).csv();
        assert_eq!(
            table(&form(Shown::Csv, false)).csv().unwrap(),
            format!(
                "rule,severity,message,read,why,remedy\n\
                 RS-SRV-01,error,nothing listens,\"a, b; c\",{why},\"do \"\"this\"\"\"\n"
            )
        );
        assert_eq!(
            table(&form(Shown::Wide, false)).wide().unwrap(),
            "rule      severity message\nRS-SRV-01 error    nothing listens\n"
        );
        let picked = Form {
            columns: vec![CheckColumn::Message, CheckColumn::Rule],
            ..form(Shown::Csv, true)
        };
        assert_eq!(table(&picked).csv().unwrap(), "nothing listens,RS-SRV-01\n");
    }

    fn set_up() -> StatusReport {
        let tunnel = Tunnel {
            name: "rs-gre".into(),
            kind: TunnelKind::Gre,
            local: None,
            remote: None,
            checksum: false,
            fallback: false,
        };
        StatusReport {
            vips: vec![VipStatus {
                vip: [192, 0, 2, 10].into(),
                device: "lo".into(),
                scope: Some("host".into()),
                local: true,
                ours: true,
                owner: Owner::Ours,
            }],
            devices: vec![DeviceStatus {
                tunnel,
                present: true,
                up: false,
                ours: false,
                owner: Owner::FoundBefore,
            }],
            sysctls: vec![SysctlStatus {
                key: SysctlKey::ipv4("all", "arp_ignore"),
                current: Some(2),
                ours: 1,
                previous: None,
                owner: Owner::Foreign,
            }],
            gateways: vec![GatewayStatus { gateway: [192, 0, 2, 1].into(), owner: Owner::Nobody }],
            differences: vec![Difference {
                what: "it".into(),
                harmful: true,
                means: "that",
                remedy: "this".into(),
            }],
            ..StatusReport::default()
        }
    }

    #[test]
    fn each_item_of_a_status_is_a_line() {
        let report = set_up();
        let csv = Table::of_status(&report, &form(Shown::Csv, false)).csv().unwrap();
        let tunnel = Cell::text(report.devices[0].tunnel.to_string()).csv();
        assert_eq!(
            csv,
            format!(
                "kind,name,device,detail,state,owner,current,ours,previous,remedy\n\
                 vip,192.0.2.10,lo,scope host,present,ours,,,,\n\
                 device,rs-gre,,{tunnel},down,found-before,,,,\n\
                 sysctl,net.ipv4.conf.all.arp_ignore,,,present,foreign,2,1,,\n\
                 gateway,192.0.2.1,,,missing,nobody,,,,\n\
                 drift,it,,that,harmful,,,,,this\n"
            )
        );
        let wide = Table::of_status(&report, &form(Shown::Wide, true)).wide().unwrap();
        assert_eq!(
            wide.lines().next(),
            Some("vip     192.0.2.10                   lo present ours         - - -"),
            "{wide}"
        );
        let none = StatusReport::default();
        let picked = Form { columns: vec![StatusColumn::Kind], ..form(Shown::Csv, false) };
        assert_eq!(Table::of_status(&none, &picked).csv().unwrap(), "kind\n");
    }

    #[test]
    fn an_owner_has_the_word_of_json() {
        for owner in [Owner::Ours, Owner::FoundBefore, Owner::Foreign, Owner::Nobody] {
            assert_eq!(serde_json::to_value(owner).unwrap(), owner.word());
        }
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_it_is() {
        let odd = "a\x07\x1b[31m\u{202e}\u{9b},b";
        let report = checked(odd);
        let found = Table::of_check(&report, &form(Shown::Csv, false));
        let mut status = set_up();
        status.vips[0].device = odd.to_owned();
        status.differences[0].what = odd.to_owned();
        let status = Table::of_status(&status, &form(Shown::Csv, false));
        for text in [
            found.csv().unwrap(),
            found.wide().unwrap(),
            status.csv().unwrap(),
            status.wide().unwrap(),
            report.monitored(),
            report.text(),
        ] {
            assert!(text.contains("\\u{1b}[31m\\u{202e}\\u{9b},b"), "{text}");
            assert!(!text.contains(|c| c != '\n' && is_harmful(c)), "{text:?}");
        }
    }
}
