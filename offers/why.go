package offers

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Reason is one thing that keeps an agent from being offered.
type Reason struct {
	Why Why

	Short      resources.Quantities // how much is missing for what is wanted
	Until      time.Time            // when a filter ends
	Holder     proffer.FrameworkID  // who is offered it
	Role       string               // whose limit, or whose guarantee, it is
	Constraint string               // the condition that the agent does not meet
}

// Why is a reason for which something is not offered.
type Why uint8

// The reasons, the more specific ones first.
const (
	WhyAvailable        Why = iota // nothing is in the way: an offer is made, or is due
	WhyNotConnected                // the framework is not connected
	WhySuppressed                  // the framework suppressed the role
	WhyNoAgents                    // the cluster has no agent
	WhyNoDemand                    // the framework states its demand, and this is not among it
	WhyOffered                     // it is in an offer to this framework that waits for its answer
	WhyConstraint                  // the agent does not meet the constraints
	WhyGPUs                        // the agent has GPUs, which the framework cannot deal with
	WhyRegion                      // the agent is in another region, of which the framework is not aware
	WhyDraining                    // the agent is deactivated
	WhyTooSmall                    // the agent does not have it even when idle
	WhyReserved                    // what would serve is reserved for other roles
	WhyFiltered                    // the framework declined it and its filter lasts
	WhyLimit                       // the limit of a role is reached
	WhyHeadroom                    // it is kept free for the guarantee of another role
	WhyClaimed                     // it is kept for a demand for which it was preempted
	WhyOfferedElsewhere            // it is in an offer to another framework
	WhyInUse                       // it is used by running tasks
	WhyBelowMinimum                // what is left is too little to be offered
	WhyGang                        // there are places for some tasks of the gang, not for all
	numWhys
)

var whyNames = [numWhys]string{
	WhyAvailable:        "available",
	WhyNotConnected:     "framework is not connected",
	WhySuppressed:       "role is suppressed",
	WhyNoAgents:         "cluster has no agents",
	WhyNoDemand:         "not among the stated demand",
	WhyOffered:          "in an offer that waits for an answer",
	WhyConstraint:       "constraint not met",
	WhyGPUs:             "agent has GPUs, framework lacks the capability",
	WhyRegion:           "agent is in another region, framework lacks the capability",
	WhyDraining:         "agent is deactivated",
	WhyTooSmall:         "agent is too small",
	WhyReserved:         "reserved for another role",
	WhyFiltered:         "declined, filter lasts",
	WhyLimit:            "limit reached of role",
	WhyHeadroom:         "kept free for the guarantee of role",
	WhyClaimed:          "kept for a demand of framework",
	WhyOfferedElsewhere: "offered to another framework",
	WhyInUse:            "in use",
	WhyBelowMinimum:     "below the least amount worth offering",
	WhyGang:             "not enough places for the whole gang",
}

// String returns the reason in words.
func (w Why) String() string {
	if w < numWhys {
		return whyNames[w]
	}
	return fmt.Sprintf("Why(%d)", uint8(w))
}

// String returns the reason with its particulars.
func (r Reason) String() string {
	s := r.Why.String()
	if r.Role != "" {
		s += " " + r.Role
	}
	if r.Constraint != "" {
		s += ": " + r.Constraint
	}
	if r.Holder != "" {
		s += " " + string(r.Holder)
	}
	if !r.Until.IsZero() {
		s += " until " + r.Until.UTC().Format("15:04:05.000")
	}
	if !r.Short.IsEmpty() {
		s += ", short by " + r.Short.String()
	}
	return s
}
