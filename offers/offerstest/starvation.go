package offerstest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

const (
	churnFrameworks = 9
	churnAgents     = 6
	churnRounds     = 1500
	patience        = 500 // rounds without an offer that nobody has to wait
)

// checkStarvation has more frameworks want all there is than there are agents.
// They are equal but for their roles. Each takes whole agents, for a random
// number of rounds: everybody must have his turn again and again.
func checkStarvation(newPolicy func() offers.Policy, seed uint64) error {
	a, err := offers.New(offers.Config{Policy: newPolicy(), Seed: seed, Coalesce: -1})
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(seed, 0x636875726e))
	now := time.Unix(0, 0)
	waits := make(map[proffer.FrameworkID]int) // rounds since the last offer
	var ids []proffer.FrameworkID
	for i := range churnFrameworks {
		id := proffer.FrameworkID(fmt.Sprintf("framework-%d", i))
		ids = append(ids, id)
		if err := a.AddFramework(now, id, offers.Subscription{Roles: []string{roles[i%len(roles)]}}); err != nil {
			return err
		}
	}
	for i := range churnAgents {
		info := proffer.AgentInfo{ID: proffer.AgentID(fmt.Sprintf("agent-%d", i)), Resources: resources.MustParse("cpus:4;mem:64")}
		if err := a.AddAgent(now, info); err != nil {
			return err
		}
	}
	type task struct {
		agent proffer.AgentID
		usage offers.Usage
		ends  int
	}
	var running []task
	for round := range churnRounds {
		now = now.Add(time.Second)
		var still []task
		for _, t := range running {
			if t.ends > round {
				still = append(still, t)
			} else if err := a.Release(now, t.agent, t.usage); err != nil {
				return err
			}
		}
		running = still
		for _, id := range ids {
			waits[id]++
		}
		for _, o := range a.Advance(now).Offers {
			waits[o.FrameworkID] = 0
			if err := a.Accept(now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{}); err != nil {
				return err
			}
			u := offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: o.Resources}
			running = append(running, task{o.AgentID, u, round + 1 + rng.IntN(6)})
		}
		for _, id := range ids {
			if waits[id] > patience {
				return fmt.Errorf("framework %s was offered nothing in %d rounds, in which others were", id, waits[id])
			}
		}
	}
	return nil
}
