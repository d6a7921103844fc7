# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rs_agent_global_optspecs
    string join \n state-dir= h/help V/version
end

function __fish_rs_agent_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rs_agent_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rs_agent_using_subcommand
    set -l cmd (__fish_rs_agent_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rs-agent -n "__fish_rs_agent_needs_command" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_needs_command" -s h -l help -d 'Print help'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "setup" -d 'Make this host a real server for the given VIPs'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "teardown" -d 'Put everything back as it was before setup'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "check" -d 'Judge whether this host is a sound real server, and say what the remedy is'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "status" -d 'Show what is set up, by whom, since when, and what has changed since'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "run" -d 'Set up as setup does, then watch and keep it so'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "install-unit" -d 'Write (or show, or remove) a systemd unit and what belongs to it'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "generate" -d 'Write manual pages or shell completions into a folder'
complete -c rs-agent -n "__fish_rs_agent_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l config -d 'Read the options from this file: TOML, the long names as keys, lists for what may be repeated' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l mode -d 'How the director forwards to this host: its forwarding method for this real server' -r -f -a "dr\t'Direct routing (rsctl -g): the VIP is on this host too, hidden from ARP'
tun\t'Tunnelling (rsctl -i): like dr, and packets arrive through a tunnel (ipip, GRE or GUE)'
nat\t'Masquerading (rsctl -m): no VIP on this host; replies go back through the director'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l vip -d 'A VIP: a single address, repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l rip -d 'The address the director sends to [default: this host\'s address towards the director or the default gateway]; repeated or comma-separated, one of each family: packets for a VIP then arrive at the one of its family' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l director -d 'The director\'s address, repeated or comma-separated; mode tun with exactly one of a family accepts packets of that family from it only' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l carrier -d 'dr: the device that gets the VIPs, one that does not answer ARP [default: lo]' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l scope -d 'Scope of the IPv4 VIPs [default: host]' -r -f -a "host\t'Never chosen as the source of a connection of this host\'s own'
global\t'An address like any other'
link\t'Chosen as a source towards neighbours only'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l label -d 'Label of the IPv4 VIPs, such as lo:vip; changes nothing but what ifconfig shows, and lets `ifconfig LABEL down` delete them' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l tunnel -d 'tun: the director\'s --tun-type [default: ipip]' -r -f -a "ipip\t'An IP header; the director\'s default'
gre\t'GRE; see --checksum'
gue\t'GUE in UDP; needs --tunnel-port'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l tunnel-port -d 'gue: the director\'s --tun-port' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l tunnel-device -d 'tun: the name of the tunnel device [default: rs- and its kind, such as rs-ipip]' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l gateway -d 'nat: set the default route via this director, or with one address of each family both default routes; repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l client -d 'nat: check the route to these clients rather than the default route' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l create-carrier -d 'dr: make the carrier, a dummy device, if it is not there'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l also-director -d 'dr, tun: this host is a director of the VIPs, too, and has them on an interface while it is the active one; not needed while IPVS on this host has a service of the VIP'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l checksum -d 'gre: the director uses --tun-csum; packets without checksum are dropped then, and those with one otherwise'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l fallback-devices -d 'tun: use the kernel\'s own tunl0, sit0, ip6tnl0, gre0 or ip6gre0, which unpack for any sender and may be in use by others, instead of a device of our own'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l dry-run -d 'Print what would be done, in order and why, and change nothing'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -l json -d 'Print the result as JSON'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -s v -l verbose -d 'Print each action done, as the equivalent shell command'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand setup" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -l vip -d 'Take down only this VIP and what no other needs; repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -l dry-run -d 'Print what would be done, in order and why, and change nothing'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -l json -d 'Print the result as JSON'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -s v -l verbose -d 'Print each action done, as the equivalent shell command'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand teardown" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l mode -d 'How the director forwards to this host: its forwarding method for this real server [default: as set up]' -r -f -a "dr\t'Direct routing (rsctl -g): the VIP is on this host too, hidden from ARP'
tun\t'Tunnelling (rsctl -i): like dr, and packets arrive through a tunnel (ipip, GRE or GUE)'
nat\t'Masquerading (rsctl -m): no VIP on this host; replies go back through the director'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l vip -d 'A VIP: a single address, repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l rip -d 'The address the director sends to, one of each family at most [default: this host\'s address towards the director]' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l director -d 'The director\'s address, repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l carrier -d 'dr: the device that has the VIPs [default: lo]' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l tunnel -d 'tun: the director\'s --tun-type [default: as set up, or ipip]' -r -f -a "ipip\t'An IP header; the director\'s default'
gre\t'GRE; see --checksum'
gue\t'GUE in UDP; needs --tunnel-port'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l tunnel-port -d 'gue: the director\'s --tun-port' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l gateway -d 'nat: the director that is the default gateway; one of each family at most' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l client -d 'Clients, whose routes are checked rather than the default route' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l port -d 'A port of the service, as 80, tcp/80 or udp/53: is a server there?' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l watch -d 'Count for so many seconds the packets that source validation drops' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l rule -d 'Only these rules, repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l explain -d 'Explain a rule' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l also-director -d 'This host is a director of the VIPs, too, as for setup'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l checksum -d 'gre: the director uses --tun-csum'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l list-rules -d 'List all rules'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -l json -d 'Print JSON'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand check" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand status" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand status" -l json -d 'Print JSON'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand status" -s h -l help -d 'Print help'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand status" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l config -d 'Read the options from this file: TOML, the long names as keys, lists for what may be repeated' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l mode -d 'How the director forwards to this host: its forwarding method for this real server' -r -f -a "dr\t'Direct routing (rsctl -g): the VIP is on this host too, hidden from ARP'
tun\t'Tunnelling (rsctl -i): like dr, and packets arrive through a tunnel (ipip, GRE or GUE)'
nat\t'Masquerading (rsctl -m): no VIP on this host; replies go back through the director'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l vip -d 'A VIP: a single address, repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l rip -d 'The address the director sends to [default: this host\'s address towards the director or the default gateway]; repeated or comma-separated, one of each family: packets for a VIP then arrive at the one of its family' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l director -d 'The director\'s address, repeated or comma-separated; mode tun with exactly one of a family accepts packets of that family from it only' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l carrier -d 'dr: the device that gets the VIPs, one that does not answer ARP [default: lo]' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l scope -d 'Scope of the IPv4 VIPs [default: host]' -r -f -a "host\t'Never chosen as the source of a connection of this host\'s own'
global\t'An address like any other'
link\t'Chosen as a source towards neighbours only'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l label -d 'Label of the IPv4 VIPs, such as lo:vip; changes nothing but what ifconfig shows, and lets `ifconfig LABEL down` delete them' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l tunnel -d 'tun: the director\'s --tun-type [default: ipip]' -r -f -a "ipip\t'An IP header; the director\'s default'
gre\t'GRE; see --checksum'
gue\t'GUE in UDP; needs --tunnel-port'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l tunnel-port -d 'gue: the director\'s --tun-port' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l tunnel-device -d 'tun: the name of the tunnel device [default: rs- and its kind, such as rs-ipip]' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l gateway -d 'nat: set the default route via this director, or with one address of each family both default routes; repeated or comma-separated' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l client -d 'nat: check the route to these clients rather than the default route' -r
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l on-stop -d 'What becomes of the VIPs when it is told to end' -r -f -a "keep\t'All stays set up, and is no longer watched'
teardown\t'As `rs-agent teardown`'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l log-format -d 'How events are written to standard error' -r -f -a "text\t'`event=repaired command="ip addr add …"`'
json\t'A JSON object'"
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l create-carrier -d 'dr: make the carrier, a dummy device, if it is not there'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l also-director -d 'dr, tun: this host is a director of the VIPs, too, and has them on an interface while it is the active one; not needed while IPVS on this host has a service of the VIP'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l checksum -d 'gre: the director uses --tun-csum; packets without checksum are dropped then, and those with one otherwise'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -l fallback-devices -d 'tun: use the kernel\'s own tunl0, sit0, ip6tnl0, gre0 or ip6gre0, which unpack for any sender and may be in use by others, instead of a device of our own'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand run" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -l config -d 'The configuration that the unit will use' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -l program -d 'The program that the unit will start' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -l destdir -d 'Write below this folder instead of /; the configuration is read where it is' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -l print -d 'Show the files and write nothing'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -l remove -d 'Remove the files'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand install-unit" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand generate" -l state-dir -d 'The folder that keeps the values from before; one file per network namespace' -r -F
complete -c rs-agent -n "__fish_rs_agent_using_subcommand generate" -s h -l help -d 'Print help'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand generate" -s V -l version -d 'Print version'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "setup" -d 'Make this host a real server for the given VIPs'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "teardown" -d 'Put everything back as it was before setup'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "check" -d 'Judge whether this host is a sound real server, and say what the remedy is'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "status" -d 'Show what is set up, by whom, since when, and what has changed since'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "run" -d 'Set up as setup does, then watch and keep it so'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "install-unit" -d 'Write (or show, or remove) a systemd unit and what belongs to it'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "generate" -d 'Write manual pages or shell completions into a folder'
complete -c rs-agent -n "__fish_rs_agent_using_subcommand help; and not __fish_seen_subcommand_from setup teardown check status run install-unit generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
