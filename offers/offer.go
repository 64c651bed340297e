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
	Domain      proffer.Domain
	Role        string
	Resources   resources.Resources

	// Unavailability is the maintenance that is planned for the agent; nil for
	// none.
	Unavailability *Unavailability
}

// String returns the offer in one line: "o7: agent-1 (host-1) for role *: cpus:2;mem:1024".
func (o *Offer) String() string {
	return fmt.Sprintf("%s: %s (%s) for role %s: %s", o.ID, o.AgentID, o.Hostname, o.Role, o.Resources)
}
