package proffer

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// The identifiers of the field are distinct types, so that one cannot be
// passed where another is meant. All of them are opaque text; see [ValidateID]
// for what an identifier may contain.
type (
	// FrameworkID names a framework for as long as it lives, over any number
	// of reconnections. The master assigns it.
	FrameworkID string

	// AgentID names an agent for as long as it keeps its state. The master
	// assigns it.
	AgentID string

	// OfferID names one offer; it is good for one answer.
	OfferID string
	// InverseOfferID names one inverse offer; it is good for one answer.
	InverseOfferID string

	// TaskID names one run of a task. The framework chooses it and never uses
	// it twice: a retry is a new task.
	TaskID string

	// ExecutorID names an executor among those of one framework on one agent.
	// The framework chooses it.
	ExecutorID string

	// ContainerID names a container on its agent. The agent chooses it.
	ContainerID string
)

// MaxIDLength is the greatest length of an identifier in bytes. Identifiers
// become file names (sandboxes, cgroups), which Linux limits to 255 bytes.
const MaxIDLength = 200

// ValidateID reports why id cannot serve as an identifier of the given kind
// ("task id", "executor id"): it is empty, longer than [MaxIDLength] bytes,
// not UTF-8, "." or "..", or it has a slash, a space or a control character.
func ValidateID[T ~string](kind string, id T) error {
	switch {
	case id == "":
		return fmt.Errorf("%s is empty", kind)
	case len(id) > MaxIDLength:
		return fmt.Errorf("%s %.20q… has %d bytes, at most %d are allowed", kind, string(id), len(id), MaxIDLength)
	case id == "." || id == "..":
		return fmt.Errorf("%s %q is reserved by file systems", kind, string(id))
	case !utf8.ValidString(string(id)):
		return fmt.Errorf("%s %q is not valid UTF-8", kind, string(id))
	}
	for _, r := range id {
		if r == '/' || r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) {
			return fmt.Errorf("%s %q contains %q: slashes, spaces and control characters are not allowed", kind, string(id), r)
		}
	}
	return nil
}

// text is a field that people fill in.
type text struct{ field, value string }

// validTexts reports what is not UTF-8, which could not be kept or sent.
func validTexts(labels map[string]string, texts ...text) error {
	var errs []error
	for _, t := range texts {
		if !utf8.ValidString(t.value) {
			errs = append(errs, fmt.Errorf("%s %q is not UTF-8", t.field, t.value))
		}
	}
	for name, value := range labels {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			errs = append(errs, fmt.Errorf("label %q=%q is not UTF-8", name, value))
		}
	}
	return errors.Join(errs...)
}
