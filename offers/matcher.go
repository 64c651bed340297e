package offers

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// matcher is what [Constraints] compile to; the zero value matches every agent.
type matcher struct {
	groups [][]condition
}

type condition struct {
	*Constraint
	pattern *regexp.Regexp // of TextMatches and TextNotMatches
}

func (c Constraints) compile() (matcher, error) {
	var (
		m    matcher
		errs []error
	)
	for i, group := range c {
		if len(group) == 0 {
			errs = append(errs, fmt.Errorf("offers: constraint group %d is empty: want at least one constraint, or no group", i+1))
		}
		conditions := make([]condition, len(group))
		for j := range group {
			constraint := group[j] // a copy: the caller may change his own
			err := constraint.validate()
			conditions[j].Constraint = &constraint
			if constraint.Is == TextMatches || constraint.Is == TextNotMatches {
				var bad error
				conditions[j].pattern, bad = compilePattern(constraint.Text)
				err = errors.Join(err, bad)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("offers: constraint %d of group %d: %w", j+1, i+1, err))
			}
		}
		m.groups = append(m.groups, conditions)
	}
	if err := errors.Join(errs...); err != nil {
		return matcher{}, err
	}
	return m, nil
}

// compilePattern compiles a regular expression for the whole of a text.
func compilePattern(text string) (*regexp.Regexp, error) {
	if len(text) > maxPatternLength {
		return nil, fmt.Errorf("the regular expression %q is of %d bytes: at most %d are allowed", excerpt(text), len(text), maxPatternLength)
	}
	// By itself first: "a)|(b" must not become valid by what stands around it.
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", excerpt(text), err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", excerpt(text), err)
	}
	if n := len(program.Inst); n > maxPatternProgram {
		return nil, fmt.Errorf("the regular expression %q compiles to %d instructions: at most %d are allowed", excerpt(text), n, maxPatternProgram)
	}
	return regexp.Compile(`\A(?:` + text + `)\z`)
}

func (m matcher) match(agent *proffer.AgentInfo) bool {
	for _, group := range m.groups {
		if firstFailing(group, agent) == nil {
			return true
		}
	}
	return len(m.groups) == 0
}

// failing returns, for people, what of an agent that does not match fails: of
// each group the first condition, and what the agent has instead.
func (m matcher) failing(agent *proffer.AgentInfo) string {
	var b strings.Builder
	for i, group := range m.groups {
		failed := firstFailing(group, agent)
		if failed == nil {
			return ""
		}
		if i > 0 {
			b.WriteString(", and not ")
		}
		b.WriteString(failed.String())
		b.WriteString(" (")
		b.WriteString(failed.found(agent))
		b.WriteByte(')')
	}
	return b.String()
}

func firstFailing(group []condition, agent *proffer.AgentInfo) *condition {
	for i := range group {
		if !group[i].holds(agent) {
			return &group[i]
		}
	}
	return nil
}

func (c *condition) holds(agent *proffer.AgentInfo) bool {
	if c.Of == OfResource {
		amount := amountOf(agent.Resources, c.Name)
		return c.onNumber(amount, amount != 0)
	}
	if c.Of != OfAttribute {
		text := c.textOf(agent)
		return c.onText(text, text != "")
	}
	attribute, exists := agent.Attributes.Get(c.Name)
	switch {
	case c.Is.isText():
		return exists && attribute.Kind != resources.AttributeText || c.onText(attribute.Text, exists)
	case c.Is.isNumeric():
		if exists && attribute.Kind != resources.AttributeScalar {
			return false
		}
		if !exists {
			return c.Is == NotEquals
		}
		return c.onNumber(attribute.Scalar, true)
	default:
		return exists == (c.Is == Exists)
	}
}

func (c *condition) onText(text string, exists bool) bool {
	switch c.Is {
	case Exists:
		return exists
	case NotExists:
		return !exists
	case TextEquals:
		return exists && text == c.Text
	case TextNotEquals:
		return !exists || text != c.Text
	case TextMatches:
		return exists && c.pattern.MatchString(text)
	case TextNotMatches:
		return !exists || !c.pattern.MatchString(text)
	default:
		return false
	}
}

func (c *condition) onNumber(number resources.Scalar, exists bool) bool {
	switch c.Is {
	case Exists:
		return exists
	case NotExists:
		return !exists
	case Equals:
		return number == c.Number
	case NotEquals:
		return number != c.Number
	case AtLeast:
		return number >= c.Number
	case AtMost:
		return number <= c.Number
	default:
		return false
	}
}

func (c *condition) textOf(agent *proffer.AgentInfo) string {
	switch c.Of {
	case OfHostname:
		return agent.Hostname
	case OfRegion:
		return agent.Domain.Region
	default:
		return agent.Domain.Zone
	}
}

// amountOf is as Quantities has it, without allocating.
func amountOf(r resources.Resources, name string) resources.Scalar {
	for n, amount := range r.Amounts() {
		if n == name {
			return amount
		}
	}
	return 0
}

// found says what the agent has of what the condition looks at.
func (c *condition) found(agent *proffer.AgentInfo) string {
	switch c.Of {
	case OfResource:
		return "it has " + amountOf(agent.Resources, c.Name).String()
	case OfAttribute:
		attribute, ok := agent.Attributes.Get(c.Name)
		if !ok {
			return "it has none"
		}
		return "it has " + attribute.String()
	default:
		text := c.textOf(agent)
		if text == "" {
			return "it has none"
		}
		return "it is " + text
	}
}
