package resources

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reservation keeps a resource for one role and its descendants. A resource
// carries a stack of them, outermost first; each refines the one before, so
// its role lies below that one's. Resources merge only when their stacks are
// equal in everything.
type Reservation struct {
	Role      string            // such as "eng" or "eng/backend"; never "*"
	Principal string            // who reserved; empty where nobody is known
	Labels    map[string]string // for the one who reserved

	// Dynamic tells a reservation made at run time from one of the agent's
	// configuration, which can only be the outermost and is never undone.
	Dynamic bool
}

// ValidateRole reports what is wrong with the name of a role: it consists of
// components separated by single slashes, none of them empty, ".", ".." or
// "*", beginning with a dash, or with white space in it.
func ValidateRole(role string) error {
	if err := validateRole(role); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

func validateRole(role string) error {
	if role == "" {
		return errors.New("role is empty")
	}
	if err := validateText("role", role); err != nil {
		return err
	}
	for part := range strings.SplitSeq(role, "/") {
		switch {
		case part == "":
			return fmt.Errorf("role %q has an empty component: want names separated by single slashes", excerpt(role))
		case part == "." || part == ".." || part == "*":
			return fmt.Errorf("role %q has the component %q, which is reserved", excerpt(role), part)
		case part[0] == '-':
			return fmt.Errorf("role %q has a component that begins with a dash", excerpt(role))
		case strings.ContainsFunc(part, func(c rune) bool { return c <= ' ' || c == 0x7f }):
			return fmt.Errorf("role %q has white space or a control character", excerpt(role))
		}
	}
	return nil
}

// within reports whether role is ancestor or lies below it.
func within(role, ancestor string) bool {
	return strings.HasPrefix(role, ancestor) && (len(role) == len(ancestor) || role[len(ancestor)] == '/')
}

func validateReservations(stack []Reservation) error {
	for i := range stack {
		r := &stack[i]
		if err := validateRole(r.Role); err != nil {
			return err
		}
		if i > 0 {
			outer := stack[i-1].Role
			if !within(r.Role, outer) || r.Role == outer {
				return fmt.Errorf("reservation to %q does not refine that to %q: want a role below it", excerpt(r.Role), excerpt(outer))
			}
			if !r.Dynamic {
				return fmt.Errorf("static reservation to %q refines another: only the outermost can be static", excerpt(r.Role))
			}
		}
		if err := validateText("principal", r.Principal); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(r.Labels)) {
			if key == "" {
				return errors.New("a label has an empty key")
			}
			if err := errors.Join(validateText("label", key), validateText("label", r.Labels[key])); err != nil {
				return err
			}
		}
	}
	return nil
}

func cloneReservations(stack []Reservation) []Reservation {
	stack = slices.Clone(stack)
	for i := range stack {
		stack[i].Labels = maps.Clone(stack[i].Labels)
	}
	return stack
}

func appendReservations(b []byte, stack []Reservation) []byte {
	if len(stack) == 0 {
		return b
	}
	b = append(b, '(')
	for i := range stack {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendReservation(b, &stack[i])
	}
	return append(b, ')')
}

func appendReservation(b []byte, r *Reservation) []byte {
	if r.Dynamic {
		b = append(b, '+')
	}
	b = appendWord(b, r.Role)
	if r.Principal != "" {
		b = appendWord(append(b, '@'), r.Principal)
	}
	if len(r.Labels) == 0 {
		return b
	}
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(r.Labels)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendWord(b, key)
		if value := r.Labels[key]; value != "" {
			b = appendWord(append(b, '='), value)
		}
	}
	return append(b, '}')
}
