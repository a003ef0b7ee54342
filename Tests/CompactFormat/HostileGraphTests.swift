import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheTensors
import LatheTestSupport
import Testing

/// Files whose checksums are right and whose graphs are made to do harm.
@Suite struct HostileGraphTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Seconds that the processor worked for this thread, which do not count what other tests take.
  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The id of the diagnostic, or nil if the file is accepted; it has to come within two seconds.
  private func id(
    _ graph: [UInt8], weights: [UInt8] = [], limits: ResourceLimits = ResourceLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> String? {
    let bytes = SealedFile(graph: graph, weights: weights).bytes
    let start = Self.processorTime()
    defer { #expect(Self.processorTime() - start < 2, sourceLocation: sourceLocation) }
    do throws(Diagnostic) {
      _ = try folder.read(bytes, limits: limits)
      return nil
    } catch {
      #expect(error.category == .invalidInput && error.location.file != nil, "\(error)", sourceLocation: sourceLocation)
      return error.id
    }
  }

  @Test func smallestModelIsAccepted() {
    #expect(id(ProtoWriter.model { $0.graph { _ in } }) == nil)
    #expect(id([]) == "lathe/graph")
    #expect(id(ProtoWriter.model { _ in }) == "lathe/graph")
    #expect(id(ProtoWriter.message { $0.graph { _ in } }) == "lathe/metadata")
    #expect(id([0xFF, 0xFF, 0xFF]) == "lathe/protobuf")
  }

  // MARK: graphs in graphs

  /// `count` graphs, each held by the one before it.
  private func chain(_ count: Int) -> [UInt8] {
    ProtoWriter.model { model in
      for number in 1...count {
        model.graph { graph in
          guard number < count else { return }
          graph.node {
            $0.message(8) {
              $0.text(1, "body"); $0.number(2, 13); $0.packed(6, [UInt64(number + 1)])
            }
          }
        }
      }
    }
  }

  @Test func deepNestingMeetsItsLimit() {
    #expect(id(chain(64)) == nil)
    #expect(id(chain(65)) == "limit/nesting-depth")
    #expect(id(chain(2000)) == "limit/nesting-depth")
    #expect(id(chain(200_000)) == "limit/nesting-depth")
  }

  @Test func graphsAreATree() {
    func held(_ references: [UInt64], graphs: Int) -> [UInt8] {
      ProtoWriter.model { model in
        model.graph {
          $0.node {
            $0.message(8) {
              $0.text(1, "bodies"); $0.number(2, 14); $0.packed(6, references)
            }
          }
        }
        for _ in 1..<graphs { model.graph { _ in } }
      }
    }
    #expect(id(held([2, 3], graphs: 3)) == nil)
    #expect(id(held([2, 2], graphs: 2)) == "lathe/graph")
    #expect(id(held([1], graphs: 1)) == "lathe/graph")
    #expect(id(held([0], graphs: 1)) == "lathe/graph")
    #expect(id(held([9], graphs: 2)) == "lathe/graph")
    #expect(id(held([2], graphs: 3)) == "lathe/graph")
  }

  @Test func capturesMustMatch() {
    let model = ProtoWriter.model { model in
      model.graph {
        $0.node {
          $0.message(8) {
            $0.text(1, "body"); $0.number(2, 13); $0.packed(6, [2])
          }
        }
      }
      model.graph { $0.message(4) { $0.text(1, "captured") } }
    }
    #expect(id(model) == "lathe/graph")
    #expect(id(ProtoWriter.model { $0.graph { $0.message(4) { $0.text(1, "c") } } }) == "lathe/graph")
  }

  // MARK: values

  @Test func valuesAreReadAfterTheyAreMade() {
    func reading(_ references: [UInt64]) -> [UInt8] {
      ProtoWriter.model { model in
        model.graph { graph in
          graph.message(3) { $0.text(1, "x") }
          graph.node {
            $0.packed(5, references); $0.message(7) { $0.text(1, "y") }
          }
        }
      }
    }
    #expect(id(reading([1])) == nil)
    #expect(id(reading([0, 1])) == nil)
    #expect(id(reading([2])) == "lathe/reference")
    #expect(id(reading([UInt64(UInt32.max)])) == "lathe/reference")
  }

  @Test func namesAreUnique() {
    let twice = ProtoWriter.model {
      $0.graph {
        $0.message(3) { $0.text(1, "x") }; $0.message(3) { $0.text(1, "x") }
      }
    }
    #expect(id(twice) == "ir/duplicate-name")
    let attributes = ProtoWriter.model { model in
      model.graph {
        $0.node { node in
          for _ in 0..<2 {
            node.message(8) {
              $0.text(1, "a"); $0.number(2, 2)
            }
          }
        }
      }
    }
    #expect(id(attributes) == "lathe/duplicate")
    let invalid = ProtoWriter.model { $0.graph { $0.message(3) { $0.bytes(1, [0xC0, 0x80]) } } }
    #expect(id(invalid) == "lathe/utf-8")
  }

  @Test func constantsHaveTheirTypes() {
    let wrong = ProtoWriter.model { model in
      model.graph {
        $0.message(5) {
          $0.text(1, "w"); $0.number(2, 1); $0.number(3, 1)
        }
      }
      model.tensor {
        $0.number(1, 1); $0.packed(2, [1]); $0.number(3, 1); $0.number(4, 2); $0.bytes(8, [0, 0, 0, 0])
      }
      model.type {
        $0.number(1, 1); $0.number(2, 7); $0.number(3, 1); $0.packed(4, [2])
      }
    }
    #expect(id(wrong) == "lathe/graph")
    #expect(id(ProtoWriter.model { $0.graph { $0.message(5) { $0.text(1, "w") } } }) == "lathe/reference")
  }

  // MARK: tensors

  private func oneTensor(_ build: (inout ProtoWriter) -> Void) -> [UInt8] {
    ProtoWriter.model {
      $0.graph { _ in }; $0.tensor(build)
    }
  }

  private func inline(_ shape: [UInt64], bytes: Int, dtype: UInt64 = 1) -> [UInt8] {
    oneTensor {
      $0.number(1, dtype); $0.packed(2, shape); $0.number(3, 1); $0.number(4, 2)
      $0.bytes(8, [UInt8](repeating: 2, count: bytes))
    }
  }

  @Test func shapesMustFitTheirBytes() {
    #expect(id(inline([2], bytes: 8)) == nil)
    #expect(id(inline([2], bytes: 7)) == "lathe/tensor-length")
    #expect(id(inline([1 << 40], bytes: 8)) == "lathe/tensor-length")
    #expect(id(inline([1 << 62, 4], bytes: 0)) == "tensor/shape")
    #expect(id(inline([1 << 61, 3], bytes: 4)) == "lathe/tensor-length")
    #expect(id(inline([1 << 63], bytes: 8)) == "lathe/shape")
    #expect(id(inline([0, 1 << 62], bytes: 0)) == nil)
    #expect(id(inline([0, 1 << 62, 1 << 62], bytes: 0)) == "tensor/shape")
    #expect(id(inline([UInt64](repeating: 1, count: 255), bytes: 4)) == nil)
    #expect(id(inline([UInt64](repeating: 1, count: 256), bytes: 4)) == "lathe/shape")
    #expect(id(inline([2], bytes: 2, dtype: 9)) == "lathe/bool")
    #expect(id(inline([2], bytes: 2, dtype: 8)) == "lathe/place")
    #expect(id(inline([2], bytes: 2, dtype: 0)) == "lathe/dtype")
    #expect(id(inline([2], bytes: 2, dtype: 29)) == "lathe/dtype")
    #expect(id(inline([2], bytes: 2, dtype: 257)) == "lathe/dtype")
    #expect(id(oneTensor { $0.number(1, 1) }) == "lathe/layout")
    #expect(
      id(
        oneTensor {
          $0.number(1, 1); $0.number(3, 1)
        }) == "lathe/place")
    #expect(
      id(
        oneTensor {
          $0.number(1, 8); $0.number(3, 1); $0.number(4, 3); $0.packed(2, [1 << 50])
        }) == "tensor/shape")
  }

  @Test func weightsMustFillTheirSection() {
    let weights = [UInt8](repeating: 7, count: 80)
    let padded = weights + [UInt8](repeating: 0, count: 48) + weights
    let crc = SealedFile.crc(weights)
    func model(_ build: (inout ProtoWriter) -> Void) -> [UInt8] {
      ProtoWriter.model {
        $0.graph { _ in }; build(&$0)
      }
    }
    #expect(id(model { $0.weights(20, offset: 0, crc: crc) }, weights: weights) == nil)
    #expect(
      id(
        model {
          $0.weights(20, offset: 0, crc: crc); $0.weights(20, offset: 128, crc: crc)
        }, weights: padded) == nil)
    #expect(
      id(
        model {
          $0.weights(20, offset: 0, crc: crc); $0.weights(20, offset: 0, crc: crc)
        }, weights: weights) == nil)
    #expect(id(model { $0.weights(20, offset: 0, crc: crc + 1) }, weights: weights) == "lathe/checksum")
    #expect(id(model { $0.weights(20, offset: 0, crc: crc) }, weights: padded) == "lathe/weights")
    #expect(id(model { $0.weights(20, offset: 128, crc: crc) }, weights: padded) == "lathe/weights")
    #expect(id(model { $0.weights(20, offset: 4, crc: crc) }, weights: padded) == "lathe/weights")
    let half = SealedFile.crc(Array(weights[..<40]))
    #expect(
      id(
        model {
          $0.weights(20, offset: 0, crc: crc); $0.weights(10, offset: 0, crc: half)
        }, weights: weights) == "lathe/weights")
    #expect(id(model { $0.weights(20, offset: 0, crc: crc, length: 79) }, weights: weights) != nil)
    #expect(id(model { $0.weights(20, offset: 1 << 63, crc: crc) }, weights: weights) == "lathe/weights")
    #expect(id(model { $0.weights(20, offset: 0, crc: crc, length: 1 << 63) }, weights: weights) == "lathe/weights")
    #expect(id(model { $0.weights(0, offset: 0, crc: 0) }, weights: []) == "lathe/weights")
    #expect(id(model { _ in }, weights: weights) == "lathe/weights")
    var dirty = padded
    dirty[100] = 1
    #expect(
      id(
        model {
          $0.weights(20, offset: 0, crc: crc); $0.weights(20, offset: 128, crc: crc)
        }, weights: dirty) == "lathe/padding")
  }

  @Test func manyViewsOfOnePayloadStayCheap() {
    let weights = [UInt8](repeating: 1, count: 4 << 20)
    let crc = SealedFile.crc(weights)
    let model = ProtoWriter.model { model in
      model.graph { _ in }
      for _ in 0..<50_000 { model.weights(4 << 20, offset: 0, crc: crc, length: 4 << 20, dtype: 9) }
    }
    #expect(id(model, weights: weights) == nil)
  }

  // MARK: types and dimensions

  @Test func typesNestWithinTheLimit() {
    func sequences(_ count: Int) -> [UInt8] {
      ProtoWriter.model { model in
        model.graph { _ in }
        model.type { $0.number(1, 6) }
        for number in 1...count {
          model.type {
            $0.number(1, 3); $0.number(5, UInt64(number))
          }
        }
      }
    }
    #expect(id(sequences(63)) == nil)
    #expect(id(sequences(64)) == "limit/nesting-depth")
    #expect(id(sequences(100_000)) == "limit/nesting-depth")
    #expect(
      id(
        ProtoWriter.model {
          $0.graph { _ in };
          $0.type {
            $0.number(1, 3); $0.number(5, 1)
          }
        }) == "lathe/reference")
    #expect(
      id(
        ProtoWriter.model {
          $0.graph { _ in }; $0.type { $0.number(1, 3) }
        }) == "lathe/reference")
    #expect(
      id(
        ProtoWriter.model {
          $0.graph { _ in }; $0.type { $0.number(1, 7) }
        }) == "lathe/type")
    let unknown = ProtoWriter.model {
      $0.graph { _ in };
      $0.type {
        $0.number(1, 1); $0.number(2, 1); $0.number(3, 1); $0.packed(4, [3])
      }
    }
    #expect(id(unknown) == "lathe/reference")
    let extreme = ProtoWriter.model { model in
      model.graph { _ in }
      model.type {
        $0.number(1, 1); $0.number(2, 1); $0.number(3, 1); $0.packed(4, [UInt64.max])
      }
    }
    #expect(id(extreme) == "lathe/reference")
  }

  @Test func doublingDimensionsMeetALimit() {
    let model = ProtoWriter.model { model in
      model.graph { _ in }
      model.dimension {
        $0.message(1) {
          $0.signed(1, 1);
          $0.message(2) {
            $0.number(1, 1); $0.text(2, "s")
          }
        }
      }
      for number in 1..<200 as Range<UInt64> {
        model.dimension { dimension in
          for kind: UInt64 in [2, 3] {
            dimension.message(1) { term in
              term.signed(1, Int64(kind))
              term.message(2) {
                $0.number(1, kind); $0.number(3, number); $0.number(4, number > 1 ? number - 1 : 1)
              }
            }
          }
        }
      }
    }
    #expect(id(model) == "lathe/dimension")
  }

  @Test func manyLargeDimensionsMeetALimit() {
    let name = String(repeating: "n", count: 1000)
    let model = ProtoWriter.model { model in
      model.graph { _ in }
      for _ in 0..<20_000 {
        model.dimension { dimension in
          for coefficient in 1...3 as ClosedRange<Int64> {
            dimension.message(1) { term in
              term.signed(1, coefficient)
              for _ in 0..<Int(coefficient) {
                term.message(2) {
                  $0.number(1, 1); $0.text(2, name)
                }
              }
            }
          }
        }
      }
    }
    #expect(id(model) == "lathe/dimension")
  }

  @Test func dimensionsMustBeExtents() {
    func one(_ build: (inout ProtoWriter) -> Void) -> [UInt8] {
      ProtoWriter.model {
        $0.graph { _ in }; $0.dimension(build)
      }
    }
    #expect(id(one { _ in }) == nil)
    #expect(
      id(
        one {
          $0.message(1) { $0.signed(1, .max) }; $0.message(1) { $0.signed(1, .max) }
        }) == "lathe/dimension")
    #expect(
      id(
        one {
          $0.message(1) {
            $0.signed(1, 1);
            $0.message(2) {
              $0.number(1, 9); $0.number(3, 1)
            }
          }
        }) == "lathe/reference")
    #expect(id(one { d in for _ in 0..<25 { d.message(1) { $0.signed(1, 1) } } }) == "lathe/dimension")
  }

  // MARK: size

  @Test func emptyMessagesMeetTheMemoryLimit() {
    let model = ProtoWriter.model { model in for _ in 0..<2_000_000 { model.graph { _ in } } }
    #expect(id(model) == "limit/decoded-bytes-per-byte")
  }

  @Test func nodesMeetTheirLimit() {
    var limits = ResourceLimits()
    limits.expandedNodes = 10
    let model = ProtoWriter.model { $0.graph { graph in for _ in 0..<11 { graph.node { _ in } } } }
    #expect(id(model, limits: limits) == "limit/expanded-nodes")
  }

  @Test func wrongAttributesOfKnownOperatorsAreRefused() {
    func softmax(_ build: (inout ProtoWriter) -> Void, version: Int64 = 13) -> [UInt8] {
      ProtoWriter.model { model in
        model.graph { graph in
          graph.message(3) { $0.text(1, "x") }
          graph.message(6) { node in
            node.text(2, "Softmax")
            node.signed(3, version)
            node.packed(5, [1])
            node.message(9) { $0.number(1, 1) }
            build(&node)
          }
        }
      }
    }
    #expect(id(softmax { _ in }) == nil)
    #expect(id(softmax({ _ in }, version: 99)) == "lathe/operator-version")
    #expect(
      id(
        softmax {
          $0.message(8) {
            $0.text(1, "axes"); $0.number(2, 2)
          }
        }) == "operator/attribute-unknown")
    #expect(
      id(
        softmax {
          $0.message(8) {
            $0.text(1, "axis"); $0.number(2, 2)
          }
        }) == "operator/attribute-kind")
    #expect(
      id(
        softmax {
          $0.message(8) {
            $0.text(1, "axis"); $0.number(2, 1)
          }
        }) == "lathe/attribute")
    #expect(id(softmax { $0.message(8) { $0.text(1, "axis") } }) == "lathe/attribute")
  }
}
