package offers

import (
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Offer holds resources of one agent out to one framework in one of its
// roles. Until it is answered nobody else is offered them. Offers are shared
// and must not be changed.
type Offer struct {
	ID          proffer.OfferID
	FrameworkID proffer.FrameworkID
	AgentID     proffer.AgentID
	Hostname    string
	Attributes  resources.Attributes
	Role        string
	Resources   resources.Resources
}

// String returns the offer in one line: "o7: agent-1 (host-1) for role *: cpus:2;mem:1024".
func (o *Offer) String() string {
	return fmt.Sprintf("%s: %s (%s) for role %s: %s", o.ID, o.AgentID, o.Hostname, o.Role, o.Resources)
}

// Operation is what an accepted offer is used for: [Launch] or [LaunchGroup].
type Operation interface {
	// Uses returns the resources that the operation takes from the offers.
	Uses() (resources.Resources, error)
	operation()
}

// Launch launches tasks, each on its own.
type Launch struct {
	Tasks []proffer.TaskInfo
}

// LaunchGroup launches tasks that live and die together.
type LaunchGroup struct {
	Group proffer.TaskGroup
}

func (Launch) operation()      {}
func (LaunchGroup) operation() {}

// Uses returns the sum of the tasks' resources. An executor's own resources
// are accounted by the master, which knows whether it already runs.
func (l Launch) Uses() (resources.Resources, error) { return sumOf(l.Tasks) }

// Uses returns the sum of the tasks' resources.
func (l LaunchGroup) Uses() (resources.Resources, error) { return sumOf(l.Group.Tasks) }

func sumOf(tasks []proffer.TaskInfo) (resources.Resources, error) {
	var sum resources.Resources
	for i := range tasks {
		var err error
		if sum, err = sum.Add(tasks[i].Resources); err != nil {
			return resources.Resources{}, fmt.Errorf("task %q: %w", string(tasks[i].ID), err)
		}
	}
	return sum, nil
}
