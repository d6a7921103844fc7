// SPDX-License-Identifier: MIT OR Apache-2.0

// compare-moby list|tunnel|bulk|error: the jobs of ../src/main.rs by github.com/moby/ipvs.
package main

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/moby/ipvs"
)

func service(place int) *ipvs.Service {
	return &ipvs.Service{
		AddressFamily: syscall.AF_INET, Protocol: syscall.IPPROTO_TCP, SchedName: "rr",
		Address: net.IPv4(10, 0, byte(place>>8), byte(place)), Port: 80, Netmask: 0xffffffff,
	}
}

func server(number int) *ipvs.Destination {
	return &ipvs.Destination{
		AddressFamily: syscall.AF_INET, Address: net.IPv4(172, 16, 0, byte(number)), Port: 8080,
		Weight: 1, ConnectionFlags: ipvs.ConnectionFlagMasq,
	}
}

func main() {
	handle, err := ipvs.New("")
	must(err)
	switch os.Args[1] {
	case "bulk":
		for place := 1; place <= 1000; place++ {
			must(handle.NewService(service(place)))
			for number := 1; number <= 9; number++ {
				must(handle.NewDestination(service(place), server(number)))
			}
		}
	case "list":
		services, err := handle.GetServices()
		must(err)
		servers, connections := 0, uint32(0)
		for _, service := range services {
			found, err := handle.GetDestinations(service)
			must(err)
			servers += len(found)
			connections += service.Stats.Connections
		}
		fmt.Println(len(services), "services,", servers, "servers,", connections, "connections")
	case "tunnel":
		must(handle.NewService(service(1)))
		destination := server(1)
		destination.ConnectionFlags = ipvs.ConnectionFlagTunnel
		must(handle.NewDestination(service(1), destination))
	case "error":
		err := handle.NewService(service(1))
		fmt.Printf("%v; %T; exists: %v\n", err, err, err == syscall.EEXIST)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
