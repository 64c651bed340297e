package wire

import (
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Marshal returns the bytes of a message, or an error that names the text that
// is not UTF-8.
func Marshal(m proto.Message) ([]byte, error) {
	b, err := proto.Marshal(m)
	if err != nil {
		return nil, named(err, m)
	}
	return b, nil
}

// named says of which field a text is not UTF-8, which is all that marshalling
// minds.
func named(err error, m proto.Message) error {
	if where := notUTF8(m.ProtoReflect()); where != "" {
		return fmt.Errorf("%s: %w", where, err)
	}
	return err
}

// notUTF8 returns the path of the first text that is not UTF-8.
func notUTF8(m protoreflect.Message) (path string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		values := []protoreflect.Value{v}
		if f.IsList() {
			values = values[:0]
			for i := range v.List().Len() {
				values = append(values, v.List().Get(i))
			}
		}
		for _, v := range values {
			switch {
			case f.Kind() == protoreflect.StringKind && !utf8.ValidString(v.String()):
				path = fmt.Sprintf("%s %q", f.Name(), excerpt(v.String()))
			case f.Message() != nil:
				if inner := notUTF8(v.Message()); inner != "" {
					path = fmt.Sprintf("%s: %s", f.Name(), inner)
				}
			}
			if path != "" {
				return false
			}
		}
		return true
	})
	return path
}
