package resources_test

import (
	"fmt"

	"github.com/proffer-go/proffer/resources"
)

func ExampleParse() {
	agent, err := resources.Parse("cpus:24;mem:4GiB;ports:[31000-32000]")
	if err != nil {
		fmt.Println(err)
		return
	}
	task := resources.MustParse("cpus:0.5;mem:128;ports:[31005]")
	left, ok := agent.Sub(task)
	fmt.Println(left, ok)
	_, ok = left.Sub(task) // the port is gone
	fmt.Println(ok)
	// Output:
	// cpus:23.5;mem:3968;ports:[31000-31004,31006-32000] true
	// false
}

func ExampleParse_badInput() {
	for _, text := range []string{"cpus:-1", "cpus:0.0001", "ports:[5-3]", "mem:4GB", "gpus:0.5"} {
		_, err := resources.Parse(text)
		fmt.Println(err)
	}
	// Output:
	// resources: invalid: "cpus:-1": number "-1" is negative
	// resources: invalid: "cpus:0.0001": number "0.0001" is finer than a thousandth
	// resources: invalid: "ports:[5-3]": range 5-3 ends before it begins
	// resources: invalid: "mem:4GB": unknown unit "GB": want KiB, MiB, GiB or TiB
	// resources: invalid: "gpus:0.5": number 0.5 is not whole, as gpus must be
}

func ExampleNew() {
	task, err := resources.New(
		resources.Resource{Name: resources.CPUs, Scalar: resources.Unit / 2},
		resources.Resource{Name: resources.Mem, Scalar: 128 * resources.Unit},
	)
	fmt.Println(task, err)
	// Output:
	// cpus:0.5;mem:128 <nil>
}

// Adding what exists once a second time is an error, never a silent union.
func ExampleResources_Add() {
	ports := resources.MustParse("ports:[31000-31001]")
	_, err := ports.Add(resources.MustParse("ports:[31001-31002]"))
	fmt.Println(err)
	// Output:
	// resources: counted twice: ports:[31001-31001]
}

func ExampleResources_Reserve() {
	free := resources.MustParse("cpus:4;mem:1024")
	reserved, err := free.Reserve(resources.Reservation{
		Role: "eng/backend", Principal: "alice", Labels: map[string]string{"team": "blue"}, Dynamic: true,
	})
	fmt.Println(reserved, err)
	fmt.Println("for eng/backend/db:", reserved.AllocatableTo("eng/backend/db").CPUs())
	fmt.Println("for ops:", reserved.AllocatableTo("ops").CPUs())
	back, err := reserved.Unreserve()
	fmt.Println(back, err)
	// Output:
	// cpus(+eng/backend@alice{team=blue}):4;mem(+eng/backend@alice{team=blue}):1024 <nil>
	// for eng/backend/db: 4
	// for ops: 0
	// cpus:4;mem:1024 <nil>
}

// A task says what it needs; an offer may hold that reserved or not.
func ExampleResources_Find() {
	offer := resources.MustParse("cpus:4;cpus(eng):1;mem:1024")
	found, ok := offer.Find(resources.MustParse("cpus:2;mem:512"))
	fmt.Println(found, ok)
	// Output:
	// cpus:1;cpus(eng):1;mem:512 true
}

// Any two ports of an offer.
func ExampleRanges_Take() {
	offer := resources.MustParse("cpus:4;ports:[31000-31000,31007-31009]")
	ports, ok := offer.Ports().Take(2)
	if !ok {
		fmt.Println("too few ports")
		return
	}
	task, err := resources.New(resources.Resource{Name: resources.Ports, Kind: resources.KindRanges, Ranges: ports})
	fmt.Println(task, err)
	for port := range ports.Values() {
		fmt.Println(port)
	}
	// Output:
	// ports:[31000-31000,31007-31007] <nil>
	// 31000
	// 31007
}

func ExampleResources_Shortage() {
	offer := resources.MustParse("cpus:2;mem:1024;ports:[31000-31009]")
	tasks := resources.MustParse("cpus:3;mem:512;ports:[80]")
	if short := offer.Shortage(tasks); short != "" {
		fmt.Println("offer o1", short)
	}
	fmt.Println("missing", offer.Missing(tasks))
	// Output:
	// offer o1 has cpus:2;ports:[31000-31009], needs cpus:3;ports:[80-80]
	// missing cpus:1;ports:[80-80]
}

func ExampleQuantities() {
	agent := resources.MustParse("cpus:4;cpus(eng):2;ports:[31000-31009]")
	have := agent.Quantities()
	fmt.Println(have)
	fmt.Println("missing", have.Missing(resources.MustParseQuantities("cpus:8;ports:4")))
	// Output:
	// cpus:6;ports:10
	// missing cpus:2
}

func ExampleAttributes() {
	agent := resources.MustParseAttributes("rack:r7;gpu:a100;level:3")
	if gpu, ok := agent.Get("gpu"); ok {
		fmt.Println(gpu.Text)
	}
	for attribute := range agent.All() {
		fmt.Println(attribute)
	}
	// Output:
	// a100
	// gpu:a100
	// level:3
	// rack:r7
}

// JSON is that of Mesos.
func ExampleResources_MarshalJSON() {
	data, err := resources.MustParse("cpus(eng):0.5").MarshalJSON()
	fmt.Println(string(data), err)
	// Output:
	// [{"name":"cpus","type":"SCALAR","scalar":{"value":0.5},"reservations":[{"type":"STATIC","role":"eng"}]}] <nil>
}
