internal import CLatheProto

/// Short names for the messages of lathe.proto.
enum Proto {
  typealias Model = Lathe__Compact__Model
  typealias Metadata = Lathe__Compact__Metadata
  typealias OperatorSet = Lathe__Compact__OperatorSet
  typealias Annotations = Lathe__Compact__Annotations
  typealias Entry = Lathe__Compact__Entry
  typealias Graph = Lathe__Compact__Graph
  typealias Value = Lathe__Compact__Value
  typealias Node = Lathe__Compact__Node
  typealias Opaque = Lathe__Compact__Opaque
  typealias Provenance = Lathe__Compact__Provenance
  typealias Attribute = Lathe__Compact__Attribute
  typealias AttributeKind = Lathe__Compact__Attribute__Kind
  typealias Tensor = Lathe__Compact__Tensor
  typealias SparseTensor = Lathe__Compact__SparseTensor
  typealias `Type` = Lathe__Compact__Type
  typealias TypeKind = Lathe__Compact__Type__Kind
  typealias Dimension = Lathe__Compact__Dimension
  typealias Term = Lathe__Compact__Dimension__Term
  typealias Atom = Lathe__Compact__Dimension__Atom
  typealias Text = Lathe__Compact__Text

  typealias List<Message> = UnsafeMutablePointer<UnsafeMutablePointer<Message>?>
}
