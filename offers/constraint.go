package offers

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Constraints say which agents a framework can use: those that satisfy all
// constraints of at least one group. No group at all means every agent.
type Constraints [][]Constraint

// Constraint is one condition on an agent.
type Constraint struct {
	// Of is what the condition looks at; Name which attribute or resource, and
	// empty for other subjects.
	Of   Subject
	Name string

	// Is is the condition. The text conditions compare with Text, the numeric
	// ones with Number; the other one is left out.
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
	OfResource                 // how much of that resource the agent has in all, whoever uses it
)

// Predicate is the condition of a [Constraint].
type Predicate uint8

// The predicates. The first six are those of Mesos: of what is missing only
// NotExists, TextNotEquals and TextNotMatches hold, and of an attribute that is
// not a text all four text predicates hold. The numeric ones are for scalar
// attributes and for resources; of any other attribute none holds, of a
// missing one only NotEquals. A resource that an agent lacks amounts to 0.
const (
	Exists         Predicate = iota
	NotExists                // the opposite
	TextEquals               // the text is the same
	TextNotEquals            // the opposite
	TextMatches              // the whole text matches the regular expression (RE2)
	TextNotMatches           // the opposite
	Equals                   // the number is the same
	NotEquals                // the opposite
	AtLeast                  // the number is this or greater
	AtMost                   // the number is this or less
)

// The bounds of a regular expression, so that matching one takes no longer
// than the text is times a constant.
const (
	maxPatternLength  = 4096 // bytes
	maxPatternProgram = 1000 // instructions that it compiles to (regexp/syntax)
)

func (p Predicate) isText() bool    { return p >= TextEquals && p <= TextNotMatches }
func (p Predicate) isNumeric() bool { return p >= Equals && p <= AtMost }

// Validate reports everything that is wrong with the constraints, by the
// numbers of group and constraint, counted from 1.
func (c Constraints) Validate() error {
	_, err := c.compile()
	return err
}

// Match reports whether the agent satisfies the constraints, or an error that
// says what is wrong with them. To ask about many agents use [Constraints.Compile].
func (c Constraints) Match(agent *proffer.AgentInfo) (bool, error) {
	m, err := c.compile()
	if err != nil {
		return false, err
	}
	return m.match(agent), nil
}

// Compile returns the test of whether an agent satisfies the constraints. It
// may be called from several goroutines at a time.
func (c Constraints) Compile() (func(agent *proffer.AgentInfo) bool, error) {
	m, err := c.compile()
	if err != nil {
		return nil, err
	}
	return m.match, nil
}

// validate reports what is wrong beside the regular expression.
func (c *Constraint) validate() error {
	var errs []error
	switch c.Of {
	case OfAttribute, OfResource:
		if c.Name == "" {
			errs = append(errs, errors.New("field Name is empty: name an attribute or resource"))
		}
	case OfHostname, OfRegion, OfZone:
		if c.Name != "" {
			errs = append(errs, fmt.Errorf("field Name is %q: a host name, region or zone has none", c.Name))
		}
	default:
		errs = append(errs, fmt.Errorf("field Of is %d: want one of the subjects, at most %d", c.Of, OfResource))
	}
	switch {
	case c.Is > AtMost:
		errs = append(errs, fmt.Errorf("field Is is %d: want one of the predicates, at most %d", c.Is, AtMost))
	case c.Is.isText() && c.Of == OfResource:
		errs = append(errs, errors.New("a text predicate does not fit a resource: want a numeric one"))
	case c.Is.isNumeric() && c.Of != OfAttribute && c.Of != OfResource:
		errs = append(errs, errors.New("a numeric predicate does not fit a text: want a text predicate"))
	}
	if !c.Is.isText() && c.Text != "" {
		errs = append(errs, fmt.Errorf("field Text is %q: only text predicates have one", excerpt(c.Text)))
	}
	if !c.Is.isNumeric() && c.Number != 0 {
		errs = append(errs, fmt.Errorf("field Number is %s: only numeric predicates have one", c.Number))
	}
	if c.Number < 0 {
		errs = append(errs, fmt.Errorf("field Number is %s: want 0 or more", c.Number))
	}
	return errors.Join(errs...)
}
