import Foundation
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// A single-node test of ONNX's own backend suite, as `make_cases.py` stored it.
public struct BackendCase: Decodable, Sendable, CustomTestStringConvertible {
  public struct StoredTensor: Decodable, Sendable {
    var dtype: UInt8
    var shape: [Int]
    var data: Contents

    public enum Contents: Decodable, Sendable {
      case base64(String)
      case strings([String])

      public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          self = .base64(text)
        } else {
          self = .strings(try container.decode([String].self))
        }
      }
    }

    public func tensor() throws -> Tensor {
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

  public struct StoredAttribute: Decodable, Sendable {
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

  public var name: String
  public var `operator`: String
  /// The standard one where it is left out.
  public var domain: String?
  public var attributes: [String: StoredAttribute]
  public var inputs: [StoredTensor?]
  public var outputs: [StoredTensor?]
  public var relative: Double
  public var absolute: Double

  public var testDescription: String { name }

  /// The cases of every file `cases*.json`.
  public static let all: [BackendCase] = {
    let folder = "Tests/Operators"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: Repository.path(folder))) ?? []
    return files.sorted().filter { $0.hasPrefix("cases") && $0.hasSuffix(".json") }.flatMap { file in
      let bytes = (try? Repository.bytes("\(folder)/\(file)")) ?? []
      return (try? JSONDecoder().decode([BackendCase].self, from: Data(bytes))) ?? []
    }
  }()

  /// The operator with its attributes.
  public func decoded() throws -> any Operator {
    var attributes = Attributes()
    for name in self.attributes.keys.sorted() { try self.attributes[name]?.store(name, in: &attributes) }
    return try #require(try OperatorCatalog.standard.decode(OperatorName(domain: domain ?? "", `operator`), attributes))
  }
}
