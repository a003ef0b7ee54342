import Foundation
import LatheDiagnostics
import LatheONNX

/// Builds protobuf bytes by hand, right or wrong.
struct ProtoBytes {
  var bytes: [UInt8] = []

  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    repeat {
      bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }

  static func key(_ number: UInt64, _ type: UInt64) -> [UInt8] { varint(number << 3 | type) }

  func raw(_ more: [UInt8]) -> ProtoBytes { ProtoBytes(bytes: bytes + more) }
  func int(_ number: UInt64, _ value: UInt64) -> ProtoBytes { raw(Self.key(number, 0) + Self.varint(value)) }
  func block(_ number: UInt64, _ content: [UInt8]) -> ProtoBytes {
    raw(Self.key(number, 2) + Self.varint(UInt64(content.count)) + content)
  }
  func text(_ number: UInt64, _ content: String) -> ProtoBytes { block(number, Array(content.utf8)) }
  func message(_ number: UInt64, _ content: ProtoBytes) -> ProtoBytes { block(number, content.bytes) }

  /// A model with this graph.
  static func model(graph: ProtoBytes) -> [UInt8] {
    ProtoBytes().int(1, 10).message(7, graph).message(8, ProtoBytes().int(2, 21)).bytes
  }

  /// A model whose graph is `depth` graphs deep, each in an attribute of the node of the one around it.
  static func nested(_ depth: Int) -> [UInt8] {
    // Inside out and reversed, so that it takes linear time.
    var reversed = Array(ProtoBytes().text(2, "g").bytes.reversed())
    func wrap(_ number: UInt64) {
      reversed += (key(number, 2) + varint(UInt64(reversed.count))).reversed()
    }
    for _ in 1..<depth {
      wrap(6)
      wrap(5)
      wrap(1)
    }
    wrap(7)
    return [8, 10] + reversed.reversed() + ProtoBytes().message(8, ProtoBytes().int(2, 21)).bytes
  }
}

/// Tests/ONNX.
let testFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

/// A file of Tests/ONNX/Data.
func dataFile(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: testFolder.appendingPathComponent("Data").appendingPathComponent(name)))
}

/// The diagnostic of a model that must be refused, or nil when it is accepted.
func refusal(_ bytes: [UInt8], limits: ResourceLimits = ResourceLimits()) -> Diagnostic? {
  bytes.withUnsafeBytes { buffer in
    do throws(Diagnostic) {
      _ = try DecodedModel(buffer, owner: nil, file: "model.onnx", limits: limits)
      return nil
    } catch {
      return error
    }
  }
}

/// The model's bytes after it was decoded.
func rewritten(_ bytes: [UInt8]) throws(Diagnostic) -> [UInt8] {
  try bytes.withUnsafeBufferPointer { buffer throws(Diagnostic) in
    var output: [UInt8] = []
    try DecodedModel(UnsafeRawBufferPointer(buffer), owner: nil).write { output.append(contentsOf: $0) }
    return output
  }
}
