import LatheDiagnostics
import LatheTensors

extension GraphTextReader {
  /// `{name = value, …}`, or nothing.
  mutating func attributes(_ depth: Int) throws(Diagnostic) -> Attributes {
    var attributes = Attributes()
    guard try take(.punctuation("{")) else { return attributes }
    while try !take(.punctuation("}")) {
      let name = try word()
      try expect("=")
      guard attributes[name] == nil else { throw failure("the attribute \(name) is given twice") }
      attributes[name] = try attribute(depth)
      if try !take(.punctuation(",")), token != .punctuation("}") { throw failure(", or } is missing here") }
    }
    return attributes
  }

  private mutating func attribute(_ depth: Int) throws(Diagnostic) -> Attribute {
    switch token {
    case .punctuation("["): return try list(depth)
    case .string(let string):
      try advance()
      return .string(string)
    case .number(let digits): return try number(digits)
    case .word("nan"), .word("inf"): return .float(try floatingPoint())
    case .word("bytes"): return .bytes(try hexadecimal())
    case .word("tensor"):
      try advance()
      return .tensor(try literal(name: ""))
    case .word("sparse"): return .sparseTensor(try sparse())
    case .word("type"):
      try advance()
      guard let type = try type() else { throw failure("a type is missing here") }
      return .type(type)
    case .word("graph"): return .graph(try graph(depth: depth + 1))
    case .word(let kind): return try emptyList(kind)
    default: throw failure("an attribute's value is missing here")
    }
  }

  private mutating func number(_ digits: String) throws(Diagnostic) -> Attribute {
    if let integer = Int64(digits) {
      try advance()
      return .integer(integer)
    }
    return .float(try floatingPoint())
  }

  private mutating func floatingPoint() throws(Diagnostic) -> Float {
    let text: String
    switch token {
    case .number(let digits): text = digits
    case .word(let word): text = word
    default: throw failure("a number is missing here")
    }
    guard let value = Float(text) else { throw failure("\(text) is no number") }
    try advance()
    return value
  }

  private mutating func emptyList(_ kind: String) throws(Diagnostic) -> Attribute {
    let empty: [String: Attribute] = [
      "integers": .integers([]), "floats": .floats([]), "strings": .strings([]), "byteStrings": .byteStrings([]),
      "tensors": .tensors([]), "sparseTensors": .sparseTensors([]), "graphs": .graphs([]), "types": .types([]),
    ]
    guard let value = empty[kind] else { throw failure("\(kind) is no attribute value") }
    try advance()
    try expect("[")
    try expect("]")
    return value
  }

  /// A list of one kind of item, at least one.
  private mutating func list(_ depth: Int) throws(Diagnostic) -> Attribute {
    try expect("[")
    var items: [Attribute] = []
    repeat { items.append(try attribute(depth)) } while try take(.punctuation(","))
    try expect("]")
    guard let joined = Self.joined(items) else { throw failure("the items of a list must be of one kind") }
    return joined
  }

  private static func joined(_ items: [Attribute]) -> Attribute? {
    func all<T>(_ extract: (Attribute) -> T?) -> [T]? {
      let values = items.compactMap(extract)
      return values.count == items.count ? values : nil
    }
    if let list = all({ if case .integer(let value) = $0 { value } else { nil } }) { return .integers(list) }
    if let list = all({ if case .float(let value) = $0 { value } else { nil } }) { return .floats(list) }
    if let list = all({ if case .string(let value) = $0 { value } else { nil } }) { return .strings(list) }
    if let list = all({ if case .bytes(let value) = $0 { value } else { nil } }) { return .byteStrings(list) }
    if let list = all({ if case .tensor(let value) = $0 { value } else { nil } }) { return .tensors(list) }
    if let list = all({ if case .sparseTensor(let value) = $0 { value } else { nil } }) { return .sparseTensors(list) }
    if let list = all({ if case .graph(let value) = $0 { value } else { nil } }) { return .graphs(list) }
    if let list = all({ if case .type(let value) = $0 { value } else { nil } }) { return .types(list) }
    return nil
  }

  private mutating func hexadecimal() throws(Diagnostic) -> [UInt8] {
    try advance()
    let digits = Array(try string().utf8)
    guard digits.count.isMultiple(of: 2) else { throw failure("bytes are pairs of hexadecimal digits") }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) else {
        throw failure("bytes are pairs of hexadecimal digits")
      }
      bytes.append(byte)
    }
    return bytes
  }

  private mutating func sparse() throws(Diagnostic) -> SparseTensor {
    try advance()
    guard case .integers(let shape) = try attribute(0), try take(.word("tensor")) else {
      throw failure("a sparse tensor is sparse [shape] tensor values tensor indices")
    }
    let values = try literal(name: "")
    guard try take(.word("tensor")) else { throw failure("the indices of the sparse tensor are missing") }
    return SparseTensor(values: values, indices: try literal(name: ""), shape: shape.map { Int($0) })
  }

  /// `type = [elements]`, `type = bytes "…"`, `type = seeded(N)`, `type = fill(X)` or `type #fingerprint`.
  mutating func literal(name: String) throws(Diagnostic) -> Tensor {
    guard let type = try type()?.tensor, let shape = type.knownShape else {
      throw failure("a constant's type is a tensor of known shape")
    }
    let bytes = try type.dtype.byteCount(of: Tensor.elementCount(of: shape))
    guard let bytes, bytes <= parser.limits.tensorBytes else {
      throw parser.limits.exceeded("tensor-bytes", "@\(name) is \(type)", at: lexer.location(lexer.tokenStart))
    }
    if case .fingerprint(let fingerprint) = token {
      guard let tensor = parser.constants(name, type, fingerprint), tensor.fingerprint == fingerprint else {
        throw failure(
          "the contents of @\(name) are not in this text",
          fix: "give the file it was printed from, or print all constants")
      }
      try advance()
      return tensor
    }
    try expect("=")
    switch token {
    case .word("bytes"):
      let bytes = try hexadecimal()
      guard type.dtype.byteCount(of: try Tensor.elementCount(of: shape)) == bytes.count else {
        throw failure("\(bytes.count) bytes do not fill \(type)")
      }
      return try Tensor(dtype: type.dtype, shape: shape) { $0.copyBytes(from: bytes) }
    case .word("seeded"), .word("fill"): return try generated(type.dtype, shape)
    default: return try elements(type.dtype, shape)
    }
  }

  private mutating func generated(_ dtype: DType, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    let kind = try word()
    try expect("(")
    let value = Double(try floatingPoint())
    try expect(")")
    var state = UInt64(bitPattern: Int64(value))
    let count = try Tensor.elementCount(of: shape)
    let doubles = (0..<count).map { _ in kind == "fill" ? value : Self.uniform(&state) }
    guard let tensor = try Tensor(doubles: doubles, dtype: dtype, shape: shape) else {
      throw failure("\(dtype) cannot be generated")
    }
    return tensor
  }

  /// SplitMix64 (Steele, Lea and Flood, 2014), scaled to [−1, 1).
  private static func uniform(_ state: inout UInt64) -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return Double(mixed >> 11) / Double(1 << 52) - 1
  }

  private mutating func elements(_ dtype: DType, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    try expect("[")
    var texts: [String] = []
    while try !take(.punctuation("]")) {
      switch token {
      case .number(let text), .word(let text), .string(let text): texts.append(text)
      default: throw failure("an element is missing here")
      }
      try advance()
      if try !take(.punctuation(",")), token != .punctuation("]") { throw failure(", or ] is missing here") }
    }
    guard try Tensor.elementCount(of: shape) == texts.count else {
      throw failure("\(texts.count) elements do not fill \(dtype)\(shape)")
    }
    guard let tensor = try Tensor(texts: texts, dtype: dtype, shape: shape) else {
      throw failure("these are not all elements of \(dtype)")
    }
    return tensor
  }
}

extension Tensor {
  /// The tensor whose elements are `texts` read as `dtype`; nil if one cannot be.
  fileprivate init?(texts: [String], dtype: DType, shape: [Int]) throws(Diagnostic) {
    func parsed<T>(_ read: (String) -> T?) -> [T]? {
      let values = texts.compactMap(read)
      return values.count == texts.count ? values : nil
    }
    switch dtype {
    case .string: self = try Tensor(strings: texts, shape: shape)
    case .bool:
      guard let values = parsed(Bool.init) else { return nil }
      self = try Tensor(values, shape: shape)
    case .int64:
      guard let values = parsed({ Int64($0) }) else { return nil }
      self = try Tensor(values, shape: shape)
    case .uint64:
      guard let values = parsed({ UInt64($0) }) else { return nil }
      self = try Tensor(values, shape: shape)
    case .float32:
      guard let values = parsed({ Float($0) }) else { return nil }
      self = try Tensor(values, shape: shape)
    default:
      guard let doubles = parsed({ Double($0) }), let tensor = try Tensor(doubles: doubles, dtype: dtype, shape: shape)
      else {
        return nil
      }
      self = tensor
    }
  }

  /// The tensor of converted numbers; nil for strings and complex types.
  fileprivate init?(doubles: [Double], dtype: DType, shape: [Int]) throws(Diagnostic) {
    if let format = MinifloatFormat(dtype) {
      let packed = PackedElements.pack(doubles.map { format.encode(Float($0)) }, bitWidth: dtype.bitWidth)
      self = try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: packed) }
    } else if dtype.isPacked {
      let codes = doubles.map { UInt8(bitPattern: Int8(truncatingIfNeeded: Int64(double: $0))) }
      let packed = PackedElements.pack(codes, bitWidth: dtype.bitWidth)
      self = try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: packed) }
    } else if dtype == .bool {
      self = try Tensor(doubles.map { $0 != 0 }, shape: shape)
    } else if let type = dtype.numericType {
      func convert<T: NumericElement>(_ type: T.Type) throws(Diagnostic) -> Tensor {
        try Tensor(doubles.map { T(double: $0) }, shape: shape)
      }
      self = try convert(type)
    } else {
      return nil
    }
  }
}
