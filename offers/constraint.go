package offers

import (
	"github.com/proffer-go/proffer/resources"
)

// Constraints say which agents a framework can use: those that satisfy all
// constraints of at least one group. No group at all means every agent.
type Constraints [][]Constraint

// Constraint is one condition on an agent.
type Constraint struct {
	// Of is what the condition looks at, Name which attribute or resource.
	Of   Subject
	Name string

	// Is is the condition. The text conditions compare with Text, which is a
	// regular expression (RE2) for the whole value where it matches; the
	// numeric ones with Number.
	Is     Predicate
	Text   string
	Number resources.Scalar
}

// Subject is what a [Constraint] looks at.
type Subject uint8

// The subjects.
const (
	OfAttribute Subject = iota // the first attribute of that name
	OfHostname                 // the agent's host name
	OfRegion                   // the region of the agent's domain
	OfZone                     // the zone of the agent's domain
	OfResource                 // how much of that resource the agent has in all
)

// Predicate is the condition of a [Constraint].
type Predicate uint8

// The predicates. Of what is missing only NotExists, NotEquals and NotMatches
// hold.
const (
	Exists Predicate = iota
	NotExists
	Equals     // the text, or the number, is the same
	NotEquals  // the opposite
	Matches    // the text matches the regular expression
	NotMatches // the opposite
	AtLeast    // the number is this or greater
	AtMost     // the number is this or less
)
