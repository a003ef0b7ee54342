import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// A single-node test of ONNX's own backend suite, as `make_cases.py` stored it.
struct BackendCase: Decodable, Sendable, CustomTestStringConvertible {
  struct StoredTensor: Decodable, Sendable {
    var dtype: UInt8
    var shape: [Int]
    var data: Contents

    enum Contents: Decodable, Sendable {
      case base64(String)
      case strings([String])

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          self = .base64(text)
        } else {
          self = .strings(try container.decode([String].self))
        }
      }
    }

    func tensor() throws -> Tensor {
      let dtype = try #require(DType(rawValue: dtype))
      switch data {
      case .strings(let strings): return try Tensor(strings: strings, shape: shape)
      case .base64(let text):
        let bytes = try #require(Data(base64Encoded: text))
        return try Tensor(dtype: dtype, shape: shape) { target in
          for (index, byte) in bytes.enumerated() where index < target.count { target[index] = byte }
        }
      }
    }
  }

  struct StoredAttribute: Decodable, Sendable {
    var integer: Int?
    var integers: [Int]?
    var float: Float?
    var floats: [Float]?
    var string: String?
    var strings: [String]?
    var tensor: StoredTensor?

    func store(_ name: String, in attributes: inout Attributes) throws {
      if let integer { attributes.set(name, integer) }
      if let integers { attributes.set(name, integers) }
      if let float { attributes.set(name, float) }
      if let floats { attributes.set(name, floats) }
      if let string { attributes.set(name, string) }
      if let strings { attributes.set(name, strings) }
      if let tensor { attributes.set(name, try tensor.tensor()) }
    }
  }

  var name: String
  var `operator`: String
  /// The standard one where it is left out.
  var domain: String?
  var attributes: [String: StoredAttribute]
  var inputs: [StoredTensor?]
  var outputs: [StoredTensor?]
  var relative: Double
  var absolute: Double

  var testDescription: String { name }

  /// The cases of every file `cases*.json`.
  static let all: [BackendCase] = {
    let folder = "Tests/Operators"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: Repository.path(folder))) ?? []
    return files.sorted().filter { $0.hasPrefix("cases") && $0.hasSuffix(".json") }.flatMap { file in
      let bytes = (try? Repository.bytes("\(folder)/\(file)")) ?? []
      return (try? JSONDecoder().decode([BackendCase].self, from: Data(bytes))) ?? []
    }
  }()
}

@Suite struct BackendCases {
  @Test func areRead() {
    #expect(BackendCase.all.count > 750)
  }

  @Test(arguments: BackendCase.all)
  func agrees(_ stored: BackendCase) throws {
    var attributes = Attributes()
    for name in stored.attributes.keys.sorted() { try stored.attributes[name]?.store(name, in: &attributes) }
    let decoded = try OperatorCatalog.standard.decode(
      OperatorName(domain: stored.domain ?? "", stored.operator), attributes)
    let op = try #require(decoded as? any Evaluable)
    let expected = try stored.outputs.map { try $0?.tensor() }
    try checkOperator(
      op, inputs: try stored.inputs.map { try $0?.tensor() }, expected: expected,
      tolerance: Tolerance(absolute: stored.absolute, relative: stored.relative))
  }

  /// The suite has no cases of these, or none whose draws can be repeated.
  static let testedElsewhere: Set<String> = [
    "Bernoulli", "Convolution", "EmbeddingNormalization", "FusedAttention", "Linear", "MaxRoiPool", "Multinomial",
    "PackedLSTM", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
  ]

  @Test func coverEveryOperator() {
    let covered = Set(BackendCase.all.map(\.operator)).union(Self.testedElsewhere)
    // Cases hold tensors; operators on sequences and those that hold graphs have theirs in Tests/ONNX.
    for type in OperatorCatalog.standard.all where type is any Evaluable.Type {
      #expect(covered.contains(type.schema.name.name))
    }
  }
}
