// Command hello is a complete framework: ten shell commands on three agents.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

const tasks = 10

var need = resources.MustParse("cpus:0.2;mem:32")

type hello struct{ launched, finished, ended int }

func (h *hello) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		var fit []proffer.TaskInfo
		for left, ok := o.Resources.Sub(need); ok && h.launched < tasks; left, ok = left.Sub(need) {
			h.launched++
			run := proffer.Shell("echo Hello from $PROFFER_TASK_ID on $PROFFER_AGENT_ID; sleep 0.3")
			fit = append(fit, proffer.TaskInfo{ID: proffer.TaskID(fmt.Sprint("hello-", h.launched)), Resources: need, Command: run})
		}
		if err := d.Accept(o.ID, fit...); err != nil { // without tasks it declines
			return err
		}
	}
	return nil
}

func (h *hello) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	fmt.Println(s)
	if s.State == proffer.TaskFinished {
		h.finished++
	}
	if s.State.Terminal() {
		h.ended++
	}
	if h.ended == tasks {
		fmt.Printf("%d of %d tasks finished\n", h.finished, tasks)
		return d.Teardown() // Run returns
	}
	return nil
}

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt)
	cluster := embedded.Config{Agents: 3, Output: func(l embedded.Line) { fmt.Println(l) }}
	if err := embedded.Run(ctx, cluster, &hello{}, scheduler.Config{Name: "hello"}); err != nil {
		log.Fatalln("hello:", err)
	}
}
