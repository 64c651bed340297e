package resources

import (
	"encoding/json"
	"fmt"
)

type wireAttribute struct {
	Name   string      `json:"name"`
	Type   string      `json:"type"`
	Text   *wireText   `json:"text,omitempty"`
	Scalar *wireScalar `json:"scalar,omitempty"`
	Ranges *wireRanges `json:"ranges,omitempty"`
	Set    *wireSet    `json:"set,omitempty"`
}

type wireText struct {
	Value string `json:"value"`
}

// MarshalJSON returns an array in the form of Mesos's v1 API:
//
//	[{"name":"rack","type":"TEXT","text":{"value":"r1"}}]
func (a Attributes) MarshalJSON() ([]byte, error) {
	list := make([]wireAttribute, 0, len(a.list))
	for _, x := range a.list {
		w := wireAttribute{Name: x.Name}
		switch x.Kind {
		case AttributeScalar:
			w.Type, w.Scalar = "SCALAR", &wireScalar{json.Number(x.Scalar.String())}
		case AttributeRanges:
			w.Type, w.Ranges = "RANGES", encodeRanges(x.Ranges)
		case AttributeSet:
			w.Type, w.Set = "SET", &wireSet{x.Set}
		default:
			w.Type, w.Text = "TEXT", &wireText{x.Text}
		}
		list = append(list, w)
	}
	return json.Marshal(list)
}

// UnmarshalJSON decodes what MarshalJSON writes, by the rules of
// [Resources.UnmarshalJSON].
func (a *Attributes) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil // by convention of encoding/json
	}
	var list []wireAttribute
	if err := decodeJSON(b, &list); err != nil {
		return err
	}
	attributes := make([]Attribute, 0, len(list))
	for i := range list {
		x, err := decodeAttribute(&list[i])
		if err == nil {
			err = x.canonical()
		}
		if err != nil {
			return fmt.Errorf("%w: attribute %q: %w", ErrInvalid, excerpt(x.Name), err)
		}
		attributes = append(attributes, x)
	}
	*a = sortAttributes(attributes)
	return nil
}

func decodeAttribute(w *wireAttribute) (a Attribute, err error) {
	a.Name = w.Name
	if err := onlyValueOf(w.Type, map[string]bool{
		"TEXT": w.Text != nil, "SCALAR": w.Scalar != nil, "RANGES": w.Ranges != nil, "SET": w.Set != nil,
	}); err != nil {
		return a, err
	}
	switch w.Type {
	case "SCALAR":
		a.Kind = AttributeScalar
		a.Scalar, err = decodeScalar(w.Scalar)
	case "RANGES":
		a.Kind, a.Ranges = AttributeRanges, decodeRanges(w.Ranges)
	case "SET":
		a.Kind, a.Set = AttributeSet, w.Set.Item
	default:
		a.Text = w.Text.Value
	}
	return a, err
}
