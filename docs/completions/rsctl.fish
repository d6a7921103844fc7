# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rsctl_global_optspecs
    string join \n netns= color= h/help V/version
end

function __fish_rsctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rsctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rsctl_using_subcommand
    set -l cmd (__fish_rsctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rsctl -n "__fish_rsctl_needs_command" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_needs_command" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_needs_command" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_needs_command" -s V -l version -d 'Print version'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "add-service" -d 'Add a virtual service'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "edit-service" -d 'Change some settings of a virtual service and leave the rest'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "delete-service" -d 'Delete a virtual service and its real servers'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "add-server" -d 'Add a real server to a virtual service'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "edit-server" -d 'Change some settings of a real server and leave the rest'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "delete-server" -d 'Delete a real server from a virtual service'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "list" -d 'List virtual services and their real servers'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "connections" -d 'Show the connection table: whole, filtered or grouped'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "zero" -d 'Set counters to 0: of one service and its servers, or of everything'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "clear" -d 'Delete all virtual services of this network namespace'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "timeouts" -d 'Show the timeouts of idle connections, or set those that are named'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "sync-daemon" -d 'Show, start and stop the daemons that synchronise connections between directors'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "generate" -d 'Write the manual pages, or the completions of a shell'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "save" -d 'Write the table in a form that `rsctl restore` reads'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "restore" -d 'Restore a table from a file by changing what differs'
complete -c rsctl -n "__fish_rsctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s s -l scheduler -d 'How the server of a new connection is chosen: rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos, none' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s p -l persistent -d 'Keep each client on one server until it has been idle for SECONDS (360 if not given)' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s M -l netmask -d 'Clients with the same network count as one for persistence: 255.255.255.0 or /24, for IPv6 a prefix length' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l pe -l engine -d 'Find the client with a persistence engine instead of its address: sip (UDP only)' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s b -l sched-flags -d 'Flags of the scheduler, several with commas' -r -f -a "sh-fallback\t''
sh-port\t''
mh-fallback\t''
mh-port\t''
flag-1\t''
flag-2\t''
flag-3\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s o -l ops -d 'One-packet scheduling, UDP only: each packet is scheduled by itself'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-service" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s s -l scheduler -d 'How the server of a new connection is chosen: rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos, none' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s p -l persistent -d 'Keep each client on one server until it has been idle for SECONDS (360 if not given)' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s M -l netmask -d 'Clients with the same network count as one for persistence: 255.255.255.0 or /24, for IPv6 a prefix length' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l pe -l engine -d 'Find the client with a persistence engine instead of its address: sip (UDP only)' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s b -l sched-flags -d 'Flags of the scheduler, several with commas' -r -f -a "sh-fallback\t''
sh-port\t''
mh-fallback\t''
mh-port\t''
flag-1\t''
flag-2\t''
flag-3\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s o -l ops -d 'One-packet scheduling, UDP only: each packet is scheduled by itself'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l replace -d 'Reset what is not named to the defaults of add-service, as `ipvsadm -E` does'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l no-persistent -d 'End persistence, and with it netmask and persistence engine'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l no-pe -l no-engine -d 'Use no persistence engine: the address tells clients apart'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l no-sched-flags -d 'Clear the scheduler flags'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l no-ops -d 'End one-packet scheduling'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-service" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-service" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s r -l real-server -d 'The real server; without a port, the service\'s' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s w -l weight -d 'Share of new connections; 0 drains the server: it gets none' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s x -l u-threshold -d 'Upper threshold: no new connections from N on; 0 for no limit' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s y -l l-threshold -d 'Lower threshold: new connections again below N; 0 for three quarters of the upper one' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l mode -d 'The forwarding method by name: dr is -g, tun is -i, nat is -m' -r -f -a "dr\t''
tun\t''
nat\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l tun-type -d 'Encapsulation of the packets sent to the server; ipip if not given' -r -f -a "ipip\t''
gue\t''
gre\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l tun-port -d 'UDP port of a gue tunnel' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s g -l gatewaying -d 'Direct routing: only the MAC address changes'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s i -l ipip -d 'Tunnelling: the packet is sent inside another one'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s m -l masquerading -d 'Masquerading (NAT): replies return through the director'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l tun-nocsum -d 'No outer checksum (gue, gre); the default'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l tun-csum -d 'An outer checksum (gue, gre)'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -l tun-remcsum -d 'An outer checksum with remote offload (gue)'
complete -c rsctl -n "__fish_rsctl_using_subcommand add-server" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s r -l real-server -d 'The real server; without a port, the service\'s' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s w -l weight -d 'Share of new connections; 0 drains the server: it gets none' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s x -l u-threshold -d 'Upper threshold: no new connections from N on; 0 for no limit' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s y -l l-threshold -d 'Lower threshold: new connections again below N; 0 for three quarters of the upper one' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l mode -d 'The forwarding method by name: dr is -g, tun is -i, nat is -m' -r -f -a "dr\t''
tun\t''
nat\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l tun-type -d 'Encapsulation of the packets sent to the server; ipip if not given' -r -f -a "ipip\t''
gue\t''
gre\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l tun-port -d 'UDP port of a gue tunnel' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l replace -d 'Reset what is not named to the defaults of add-server, as `ipvsadm -e` does'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s g -l gatewaying -d 'Direct routing: only the MAC address changes'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s i -l ipip -d 'Tunnelling: the packet is sent inside another one'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s m -l masquerading -d 'Masquerading (NAT): replies return through the director'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l tun-nocsum -d 'No outer checksum (gue, gre); the default'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l tun-csum -d 'An outer checksum (gue, gre)'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -l tun-remcsum -d 'An outer checksum with remote offload (gue)'
complete -c rsctl -n "__fish_rsctl_using_subcommand edit-server" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s r -l real-server -d 'The real server; without a port, the service\'s' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand delete-server" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l sort -d 'Order of services and of the servers in each' -r -f -a "address\t'Family, protocol, address and port; marks last'
weight\t'Weight, of servers'
active\t'Active connections'
connections\t'Connections ever scheduled'
bytes\t'Bytes in both directions'
rate\t'Bytes per second in both directions'
none\t'As the kernel lists them'"
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l stats -d 'Counters: connections, packets and bytes'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l rate -d 'Rates: connections, packets and bytes per second'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l thresholds -d 'Connection thresholds'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l persistent-conn -d 'Clients remembered by persistence'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l tun-info -d 'Tunnels in full'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s X -l exact -d 'Show numbers in full, without K, M and G'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l nosort -d 'Keep the kernel\'s order, like --sort none'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l settled -d 'Accepted for older scripts, without effect: every list is complete'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l json -d 'Print one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -l names -d 'Show names of hosts, which are looked up, and of ports; in JSON beside the numbers'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s n -l numeric -d 'Accepted as in ipvsadm, without effect: addresses are numbers unless --names is given'
complete -c rsctl -n "__fish_rsctl_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s r -l server -d 'Only those to this real server, on any port if none is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s c -l client -d 'Only those from this client, or from this network (ADDRESS/LENGTH)' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l state -d 'Only those in this state, for example ESTABLISHED' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l expires-within -d 'Only those that expire within so many seconds' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l group-by -d 'Count connections by this instead of listing them' -r -f -a "client\t''
service\t''
server\t''
state\t''
protocol\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l top -d 'Only the first N lines' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l sort -d 'Order of the lines; groups come largest first' -r -f -a "none\t'As the kernel lists them; nothing is kept in memory'
expires\t''
client\t''
service\t''
server\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l templates -d 'Only persistence templates, one for each client that is remembered'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l no-templates -d 'Leave out persistence templates'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l ghosts -d 'Only those whose service or server is gone'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l origin -d 'Also show where each was made: by this director, or received by a sync daemon'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l json -d 'Print one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -l names -d 'Show names of hosts, which are looked up, and of ports (with --group-by of hosts only); in JSON beside the numbers'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s n -l numeric -d 'Accepted as in ipvsadm, without effect: addresses are numbers unless --names is given'
complete -c rsctl -n "__fish_rsctl_using_subcommand connections" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -s t -l tcp-service -d 'TCP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -s u -l udp-service -d 'UDP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -l sctp-service -d 'SCTP' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -s f -l fwmark-service -d 'Packets with this firewall mark, IPv4 unless -6 is given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -s 6 -l ipv6 -d 'With -f: IPv6 packets'
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand zero" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -s y -l yes -d 'Do not ask for confirmation'
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand clear" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l tcp -d 'Established TCP connections' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l tcp-fin -d 'TCP connections after FIN' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l udp -d 'UDP flows' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand timeouts" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -l json -d 'Print one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -f -a "start" -d 'Start a daemon'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -f -a "stop" -d 'Stop a daemon'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -f -a "status" -d 'Show settings, what they depend on, and how many connections came from where'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and not __fish_seen_subcommand_from start stop status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l mcast-interface -d 'The interface that multicast packets leave or arrive by' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l syncid -d 'Only daemons with the same number hear each other, 0 to 255; a backup with 0 hears all' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l sync-maxlen -d 'The largest message, in bytes' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l mcast-group -d 'The multicast group; 224.0.0.81 if not given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l mcast-port -d 'The UDP port; 8848 if not given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l mcast-ttl -d 'Time to live of the packets; 1 if not given' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from status" -l peer -d 'The other director\'s status, to compare with' -r -F
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from status" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from status" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from help" -f -a "start" -d 'Start a daemon'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from help" -f -a "stop" -d 'Stop a daemon'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show settings, what they depend on, and how many connections came from where'
complete -c rsctl -n "__fish_rsctl_using_subcommand sync-daemon; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rsctl -n "__fish_rsctl_using_subcommand generate" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand generate" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand generate" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand save" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand save" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand save" -l format -d 'The form to write' -r -f -a "json\t''
ipvsadm\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand save" -s o -l output -d 'Write to FILE, all of it or nothing; - for standard output, the default' -r -F
complete -c rsctl -n "__fish_rsctl_using_subcommand save" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l netns -d 'Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l color -d 'When to colour tables; auto: on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l lock-wait -d 'Wait for SECONDS at most while another rsctl changes the table; 0 does not wait' -r
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l merge -d 'Add and edit only: what is not in FILE stays'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l reorder -d 'Where a scheduler hashes by the order of servers, delete those out of order and add them again'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l as-is -d 'Also set what the other commands refuse, because the kernel misreads or ignores it: to restore what another tool made'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l allow-empty -d 'Accept a file without services, and delete all of them'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l allow-deletes -d 'Accept lines of ipvsadm as the whole table even if that deletes more than a quarter of its services or servers'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l verify -d 'Read back the servers of new services too, each of which the kernel has acknowledged: another program may have changed them since. Takes as long as adding them'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -s v -l verbose -d 'Say what changed'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l json -d 'Print what changed as one JSON document'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -l dry-run -d 'Change nothing; say what would be changed, or why it could not be'
complete -c rsctl -n "__fish_rsctl_using_subcommand restore" -s h -l help -d 'Print help'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "add-service" -d 'Add a virtual service'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "edit-service" -d 'Change some settings of a virtual service and leave the rest'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "delete-service" -d 'Delete a virtual service and its real servers'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "add-server" -d 'Add a real server to a virtual service'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "edit-server" -d 'Change some settings of a real server and leave the rest'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "delete-server" -d 'Delete a real server from a virtual service'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "list" -d 'List virtual services and their real servers'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "connections" -d 'Show the connection table: whole, filtered or grouped'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "zero" -d 'Set counters to 0: of one service and its servers, or of everything'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "clear" -d 'Delete all virtual services of this network namespace'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "timeouts" -d 'Show the timeouts of idle connections, or set those that are named'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "sync-daemon" -d 'Show, start and stop the daemons that synchronise connections between directors'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "generate" -d 'Write the manual pages, or the completions of a shell'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "save" -d 'Write the table in a form that `rsctl restore` reads'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "restore" -d 'Restore a table from a file by changing what differs'
complete -c rsctl -n "__fish_rsctl_using_subcommand help; and not __fish_seen_subcommand_from add-service edit-service delete-service add-server edit-server delete-server list connections zero clear timeouts sync-daemon generate save restore help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
