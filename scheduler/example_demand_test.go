package scheduler_test

import (
	"context"
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// mpi runs one job of three tasks that are of use only together.
type mpi struct{ ended int }

// Subscribed states what the framework waits for: a gang.
func (m *mpi) Subscribed(_ context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	gang := offers.Demand{Count: 3, Gang: true}
	gang.Resources = resources.MustParseQuantities("cpus:1;mem:32")
	return d.Demand(proffer.DefaultRole, gang)
}

// ResourceOffers is given places for all three at once, on one agent or several.
func (m *mpi) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	var answers []scheduler.Answer
	rank := 0
	for _, o := range list {
		var tasks []proffer.TaskInfo
		for range int(o.Resources.CPUs() / resources.Unit) {
			tasks = append(tasks, proffer.TaskInfo{
				ID: proffer.TaskID(fmt.Sprint("rank-", rank)), Resources: resources.MustParse("cpus:1;mem:32"), Command: proffer.Shell("true"),
			})
			rank++
		}
		answers = append(answers, scheduler.Answer{
			OfferIDs: []proffer.OfferID{o.ID}, Operations: []offers.Operation{offers.Launch{Tasks: tasks}},
		})
	}
	fmt.Println("launching", rank, "ranks")
	return d.AcceptAll(answers...)
}

func (m *mpi) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if s.State.Terminal() {
		m.ended++
	}
	if m.ended == 3 {
		fmt.Println("all have ended")
		return d.Teardown()
	}
	return nil
}

func ExampleDriver_Demand() {
	cluster := embedded.Config{Agents: 2, Resources: resources.MustParse("cpus:2;mem:128")}
	err := embedded.Run(context.Background(), cluster, &mpi{}, scheduler.Config{Name: "mpi", Suppressed: []string{proffer.DefaultRole}})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// launching 3 ranks
	// all have ended
}
